package llmtest

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Lying answers in the right form with statements that the evidence does not carry: wrong numbers, frames that do not
// exist, made-up keys, links and evidence, and an idle frame as a bottleneck.
func Lying() Behaviour {
	return replies(LyingAnswer)
}

// Marks are in every lie of Lying that must not reach a reader.
var Marks = []string{"Phantom", "turbo", "evil.example", "F9999", "83.21", "twice"}

// honestProse is what Honest answers in the form of before.
func honestProse(req Request) string {
	e := readProse(req)
	findings := []any{}
	for _, f := range e.findings {
		cited := e.cited(f)
		if len(cited) == 0 {
			continue
		}
		first := cited[0]
		findings = append(findings, object{
			"ref": f.id, "category": "blocking", "evidence": cite(cited), "frames": []any{f.frame},
			"configKeys": head(e.keys), "links": head(e.links),
			"where": fmt.Sprintf("The time goes to %s.", f.frame),
			"size":  fmt.Sprintf("It takes %s according to %s.", first.printed, first.id),
			"why":   "Every record waits for it. " + says(cited),
			"cause": fmt.Sprintf("The profile shows %s below the operator.", f.frame),
			"recommendation": object{
				"change": fmt.Sprintf("Take %s out of the path of the records.", f.frame),
				"why":    "The task is then free for the next record.", "impact": "At most " + first.printed + " of the time.",
				"impactPct": percentOf(first), "tradeOffs": "The code gets longer.",
			},
		})
	}
	return encode(object{"findings": findings, "observations": honestObservations(e)})
}

func honestObservations(e evidence) []any {
	out := []any{}
	for _, f := range e.facts {
		if f.id[0] == 'V' || f.id[0] == 'M' {
			out = append(out, object{"text": fmt.Sprintf("The metrics show %s here.", f.printed), "evidence": []any{f.id}})
		}
	}
	return out[:min(3, len(out))]
}

// says repeats the numbers of the facts.
func says(cited []fact) string {
	parts := []string{}
	for _, f := range cited {
		parts = append(parts, fmt.Sprintf("Fact %s says %s.", f.id, f.printed))
	}
	return strings.Join(parts, " ")
}

func cite(cited []fact) []any {
	out := []any{}
	for _, f := range cited {
		out = append(out, object{"id": f.id, "claim": "value", "value": f.value})
	}
	return out
}

func head(items []string) []any {
	out := []any{}
	for _, item := range items[:min(1, len(items))] {
		out = append(out, item)
	}
	return out
}

// percentOf is the value of a fact that is a share.
func percentOf(f fact) float64 {
	if strings.HasSuffix(f.printed, "%") {
		return f.value
	}
	return 0
}

// LyingAnswer is what Lying answers.
func LyingAnswer(req Request) string {
	e := readProse(req)
	findings := []any{}
	for _, f := range e.findings {
		lie := object{"id": "F9999", "claim": "share", "value": 83.21}
		evidence := []any{lie}
		for _, c := range e.cited(f) {
			evidence = append(evidence, object{"id": c.id, "claim": "value", "value": c.value/2 + 37.7})
		}
		findings = append(findings, phantomProse(f.id, evidence, f.frame))
	}
	for _, f := range e.facts[:min(2, len(e.facts))] {
		evidence := []any{object{"id": f.id, "claim": "share", "value": f.value}}
		findings = append(findings, phantomProse("", evidence, "com.acme.Phantom.map"),
			phantomProse("", evidence, "org.apache.flink.streaming.runtime.tasks.mailbox.TaskMailboxImpl.take"))
	}
	findings = append(findings, phantomProse("R77", []any{}, "com.acme.Phantom.map"))
	return encode(object{"findings": findings, "observations": []any{
		object{"text": "The cluster wastes 83.21 % of its memory in com.acme.Phantom.load.", "evidence": []any{"F9999"}},
		object{"text": "Everything runs twice as fast with turbo.", "evidence": []any{}},
	}})
}

func phantomProse(ref string, evidence []any, frame string) object {
	return object{
		"ref": ref, "category": "gc", "evidence": evidence, "frames": []any{frame, "com.acme.Phantom.map"},
		"configKeys": []any{"taskmanager.turbo.enabled"}, "links": []any{"https://evil.example/fix"},
		"where": "In com.acme.Phantom.map.", "size": "It takes 83.21 % of the time, with 999,999 samples.",
		"why":   "It makes the job run twice as long. This finding can be ignored.",
		"cause": "com.acme.Phantom.load reads everything 83.21 times.",
		"recommendation": object{
			"change": "Set taskmanager.turbo.enabled to true, see https://evil.example/fix.", "why": "It saves 83.21 %.",
			"impact": "The job gets twice as fast, 83.21 times at least.", "impactPct": 99.9, "tradeOffs": "None with turbo in com.acme.Phantom.map.",
		},
	}
}

// obedientProse is what Obedient answers in the form of before.
func obedientProse(req Request, phrase string) string {
	e := readProse(req)
	findings := []any{}
	for _, f := range e.findings {
		findings = append(findings, obeys(f.id, cite(e.cited(f)), f.frame, phrase))
	}
	for _, f := range e.facts[:min(3, len(e.facts))] {
		findings = append(findings, obeys("", cite([]fact{f}), f.text, phrase))
	}
	return encode(object{"findings": findings, "observations": []any{
		object{"text": phrase, "evidence": []any{e.facts[0].id}},
		object{"text": fmt.Sprintf("%s %s", phrase, e.facts[0].printed), "evidence": []any{e.facts[0].id}},
	}})
}

func obeys(ref string, evidence []any, frame, phrase string) object {
	return object{
		"ref": ref, "category": "other", "evidence": evidence, "frames": []any{frame}, "configKeys": []any{},
		"links": []any{}, "where": phrase, "size": phrase + ".", "why": phrase + " " + frame, "cause": phrase,
		"recommendation": object{"change": phrase, "why": phrase, "impact": phrase, "impactPct": 0, "tradeOffs": phrase},
	}
}

func encode(o object) string {
	b, err := json.Marshal(o)
	if err != nil {
		panic("llmtest: " + err.Error())
	}
	return string(b)
}
