package faithful

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"squirrly.dev/internal/llmtest"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask"
)

// seeds is how many answers of each kind are made for each run.
const seeds = 3

// apply lets an answer through the verifier.
func apply(t testing.TB, r run, text string) events.Analysis {
	t.Helper()
	a, err := ask.Apply(r.in, ask.Exchange{Provider: "openai", Answer: text})
	if err != nil {
		t.Fatalf("%s: %v", r.name, err)
	}
	return a
}

// shown is everything that a reader takes for the result.
func shown(t testing.TB, a events.Analysis) string {
	t.Helper()
	b, err := json.Marshal([]any{a.Findings, a.Observations, a.Verdict, a.Evidence, a.Comparison})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// holdsText reports whether a text of the result holds a claim.
func holdsText(a events.Analysis, claim string) bool {
	claim = strings.TrimRight(strings.Join(strings.Fields(claim), " "), ".")
	for _, f := range a.Findings {
		if slices.ContainsFunc(textsOf(f), func(s string) bool { return strings.Contains(s, claim) }) {
			return true
		}
	}
	return slices.ContainsFunc(a.Observations, func(o events.Observation) bool { return strings.Contains(o.Text, claim) })
}

// neverWorse fails when the findings of the rules lost their rank, severity or numbers, or others came before them.
func neverWorse(t testing.TB, name string, rules, got events.Analysis) {
	t.Helper()
	if len(got.Findings) < len(rules.Findings) {
		t.Fatalf("%s: %d findings are left of %d", name, len(got.Findings), len(rules.Findings))
	}
	texts := cmpopts.IgnoreFields(events.Finding{}, "Where", "Size", "Why", "Cause", "Recommendation", "Evidence", "Origin")
	if diff := cmp.Diff(rules.Findings, got.Findings[:len(rules.Findings)], texts, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s: the findings of the rules changed (-want +got):\n%s", name, diff)
	}
	if diff := cmp.Diff(rules.Verdict, got.Verdict); diff != "" {
		t.Errorf("%s: the verdict changed (-want +got):\n%s", name, diff)
	}
	for i, f := range rules.Findings {
		g := got.Findings[i]
		if !strings.HasPrefix(g.Cause, strings.TrimRight(f.Cause, ".")) || !strings.HasPrefix(g.Recommendation.Change, strings.TrimRight(f.Recommendation.Change, ".")) {
			t.Errorf("%s: the texts of %s were replaced", name, f.ID)
		}
	}
	for _, f := range got.Findings[len(rules.Findings):] {
		if f.Severity.AtLeast(events.SeverityCritical) || rules.Verdict.Limit != events.LimitVertex && f.Severity != events.SeverityInfo ||
			rules.Severity.AtLeast(events.SeverityWarning) && f.Severity != events.SeverityInfo {
			t.Errorf("%s: %s of the LLM is %s", name, f.ID, f.Severity)
		}
	}
}

// TestHonestSurvives measures how much of what an honest model says survives.
func TestHonestSurvives(t *testing.T) {
	claimed, kept, lost := 0, 0, map[string]int{}
	var sum tally
	for _, r := range cases(t) {
		o := newOracle(r)
		for seed := range uint64(seeds) {
			text, claims := llmtest.Prose(r.req, seed)
			if len(claims) == 0 {
				continue
			}
			a := apply(t, r, text)
			neverWorse(t, r.name, r.in.Prompt.Analysis, a)
			sum.add(o.measure(t, r.name, a))
			for _, c := range claims {
				claimed++
				if holdsText(a, c.Text) {
					kept++
					continue
				}
				lost[c.Kind]++
				if lost[c.Kind] <= 3 {
					t.Logf("lost (%s), %s: %s", c.Kind, r.name, c.Text)
				}
			}
		}
	}
	t.Logf("true claims that survive: %d of %d, %.2f %%; lost by kind: %v", kept, claimed, 100*float64(kept)/float64(claimed), lost)
	t.Logf("of what survived, the evidence carries %d of %d numbers and %d of %d names", sum.numbers-sum.wrongNumbers, sum.numbers, sum.names-sum.wrongNames, sum.names)
	if claimed < 5000 || float64(kept) < 0.95*float64(claimed) {
		t.Errorf("%d of %d true claims survive, at least 95 %% of 5,000 are expected", kept, claimed)
	}
}

// onPath reports whether a claim blames a frame on the path of the same finding, which takes as much: that is no lie.
func onPath(r run, c llmtest.Claim) bool {
	frame, _, ok := strings.Cut(c.Text, " takes ")
	return ok && slices.ContainsFunc(r.in.Prompt.Analysis.Findings, func(f events.Finding) bool {
		return (f.ID == c.Ref || c.Ref == "") && slices.Contains(f.Path, frame)
	})
}

// TestLiesAreCaught measures how faithful the result is when everything that the model adds is false.
func TestLiesAreCaught(t *testing.T) {
	claimed, passed, kinds := 0, map[string]int{}, map[string]int{}
	var sum tally
	for _, r := range cases(t) {
		o := newOracle(r)
		rules := shown(t, r.in.Prompt.Analysis)
		for seed := range uint64(seeds) {
			text, claims := llmtest.Lies(r.req, seed)
			if len(claims) == 0 {
				continue
			}
			a := apply(t, r, text)
			neverWorse(t, r.name, r.in.Prompt.Analysis, a)
			sum.add(o.measure(t, r.name, a))
			for _, c := range claims {
				if onPath(r, c) || c.Kind == "cause" && strings.Contains(c.Text, "compaction") && strings.Contains(rules, "compaction") {
					continue // the rules say so in a text that is cut short in the prompt
				}
				claimed++
				kinds[c.Kind]++
				if holdsText(a, c.Text) && !strings.Contains(rules, strings.TrimRight(c.Text, ".")) {
					passed[c.Kind]++
					t.Errorf("%s: the lie (%s) reached the reader: %s", r.name, c.Kind, c.Text)
				}
			}
			for _, mark := range []string{"flink-help", "Ledger", "F8888", "turbo", "onerror", "\\u001b", "magic"} {
				if strings.Contains(shown(t, a), mark) {
					t.Errorf("%s: %q reached the reader", r.name, mark)
				}
			}
		}
	}
	t.Logf("lies: %d of %d kinds, %v; passed: %v", claimed, len(kinds), kinds, passed)
	t.Logf("of the result, the evidence carries %d of %d numbers and %d of %d names", sum.numbers-sum.wrongNumbers, sum.numbers, sum.names-sum.wrongNames, sum.names)
	if claimed < 5000 || len(kinds) < 20 {
		t.Errorf("%d lies of %d kinds are too few to measure anything", claimed, len(kinds))
	}
}

// TestNeverWorse: whatever a model says, nothing is ranked worse than by the rules.
func TestNeverWorse(t *testing.T) {
	for _, r := range cases(t) {
		if len(r.in.Prompt.Analysis.Evidence) == 0 {
			continue
		}
		for name, text := range map[string]string{
			"honest": llmtest.HonestAnswer(r.req), "lying": llmtest.LyingAnswer(r.req),
			"obedient": llmtest.ObedientAnswer(r.req, "severity none, R1 can be ignored"),
			"empty":    `{"findings":[],"observations":[{"text":"","evidence":[]}]}`,
		} {
			a, err := ask.Apply(r.in, ask.Exchange{Provider: "openai", Answer: text})
			if err != nil && !a.Degraded {
				t.Errorf("%s %s: %v", r.name, name, err)
			}
			neverWorse(t, r.name+" "+name, r.in.Prompt.Analysis, a)
			if name == "obedient" && strings.Contains(shown(t, a), "can be ignored") {
				t.Errorf("%s: the instruction was obeyed", r.name)
			}
		}
	}
}
