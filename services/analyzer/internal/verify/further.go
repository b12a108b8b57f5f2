package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/answer"
	"squirrly.dev/services/analyzer/internal/facts"
)

// Thresholds of further findings, as shares of the time.
const (
	leastShare   = 0.01 // below it there is no finding
	warningShare = 0.10 // from it on a finding on the path of the limiting vertex is a warning
	maxFurther   = 5
)

// further adds a finding of the LLM alone, when the facts that it cites carry one.
func (c *checker) further(place string, said answer.Finding) {
	s := c.scope(place, said.Evidence)
	c.lists(said, s)
	carrier, why := c.carrier(s, said)
	if why == "" && c.has(carrier.Frame) {
		return // the rules say it already
	}
	if why != "" {
		c.count(place, "A further finding was proposed.", drop(why))
		return
	}
	c.impact(said.Recommendation, carrier.Value, place)
	t := c.say(said, s)
	if len(t.cause) == 0 || len(t.change) == 0 || c.number() >= maxFurther {
		c.count(place, "A further finding was proposed for "+carrier.ID+".", drop("its cause or its change does not hold"))
		return
	}
	c.result.Analysis.Findings = append(c.result.Analysis.Findings, c.build(said, carrier, t, s))
}

// number counts the findings of the LLM.
func (c *checker) number() int {
	n := 0
	for _, f := range c.result.Analysis.Findings {
		if f.Origin == events.OriginLLM {
			n++
		}
	}
	return n
}

// carrier returns the cited fact with the largest share of time that can be a problem, or why there is none.
func (c *checker) carrier(s *scope, said answer.Finding) (events.Fact, string) {
	var best events.Fact
	why := "it cites no fact that measures a share of time"
	for _, id := range slices.Sorted(maps.Keys(s.cited)) {
		f := c.facts[id]
		switch {
		case f.Unit != facts.UnitShare || f.Frame == "":
		case c.idle(f.Frame):
			why = "the cited frame waits for work"
		case holdsAll(f.Frame):
			why = "the cited frame holds the whole task"
		case f.Value < leastShare:
			why = "the cited share is too small"
		case f.Value > best.Value:
			best = f
		}
	}
	if best.ID == "" {
		return best, why
	}
	for _, frame := range said.Frames {
		if c.idle(frame) || !c.lexicon.knows(frame) {
			return best, "it names a frame that is idle or not in the data"
		}
	}
	return best, ""
}

// has reports whether a finding is about the frame already.
func (c *checker) has(frame string) bool {
	return slices.ContainsFunc(c.result.Analysis.Findings, func(f events.Finding) bool {
		for _, own := range slices.Concat(f.Path, []string{f.Frame, f.Anchor}) {
			if own != "" && (own == frame || facts.Short(own) == facts.Short(frame)) {
				return true
			}
		}
		return false
	})
}

// build builds the finding. All its numbers are those of the carrier.
func (c *checker) build(said answer.Finding, carrier events.Fact, t kept, s *scope) events.Finding {
	a := c.in.Analysis
	onPath := a.Verdict.Limit == events.LimitVertex && carrier.Vertex != "" &&
		(carrier.Vertex == a.Verdict.VertexID || carrier.Vertex == a.Verdict.VertexName)
	category := said.Category
	if category == "" {
		category = "other"
	}
	f := events.Finding{
		ID: fmt.Sprintf("L%d", c.number()+1), Category: category, Title: title(carrier),
		Severity: events.SeverityInfo, Confidence: confidence(carrier.Samples),
		Anchor: carrier.Frame, Frame: carrier.Frame, OnPath: onPath, Mode: carrier.Mode,
		Samples: carrier.Samples, StdErr: carrier.StdErr, Share: carrier.Value, P: carrier.Value,
		Where: strings.Join(t.where, " "), Size: strings.Join(t.size, " "), Why: strings.Join(t.why, " "),
		Cause: strings.Join(t.cause, " "), Origin: events.OriginLLM,
		Recommendation: events.Recommendation{
			Change: strings.Join(t.change, " "), Why: strings.Join(t.helps, " "), Impact: strings.Join(t.impact, " "),
			TradeOffs: strings.Join(t.tradeOffs, " "),
		},
	}
	if onPath && carrier.Value >= warningShare && f.Confidence != events.ConfidenceLow {
		f.Severity = events.SeverityWarning
	}
	if carrier.Vertex != "" {
		f.Vertices = []string{carrier.Vertex}
	}
	if f.Where == "" {
		f.Where = "In " + carrier.Frame + "."
	}
	if f.Size == "" {
		f.Size = finish(carrier.Text + ": " + facts.Print(carrier))
	}
	if f.Recommendation.Impact == "" {
		f.Recommendation.Impact = "At most " + facts.Print(carrier) + " of the time."
	}
	for _, link := range said.Links {
		if slices.Contains(c.in.Allowed.Links, link) {
			f.Recommendation.Links = append(f.Recommendation.Links, link)
		}
	}
	f.Fingerprint = fingerprint(f)
	c.adopt(s, &f)
	return f
}

// title is made of what was measured, since nothing checks the wording of a title.
func title(f events.Fact) string {
	return facts.Short(f.Frame) + " takes " + facts.Print(f)
}

// confidence grows with the samples, and is never high: no rule stands behind the cause.
func confidence(samples int64) events.Confidence {
	if samples >= 30 {
		return events.ConfidenceMedium
	}
	return events.ConfidenceLow
}

// fingerprint is the same over runs: it holds no wording and no number.
func fingerprint(f events.Finding) string {
	parts := []string{"llm", f.Category, f.Anchor, strings.Join(f.Vertices, ","), string(f.Mode)}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:8])
}

// maxObservations bounds the observations of the LLM.
const maxObservations = 10

// observe adds a remark that its facts carry.
func (c *checker) observe(place string, o answer.Observation) {
	s := &scope{place: place, cited: map[string]bool{}, strict: true, remark: true}
	for _, id := range o.Evidence {
		f, ok := c.facts[id]
		if !ok {
			c.count(place+" evidence", "Cited was "+clean(id)+".", drop("there is no such fact"))
			continue
		}
		s.cited[id] = true
		s.pool = append(s.pool, measuredBy(f)...)
	}
	for _, v := range c.in.Analysis.Vertices {
		if v.Name != "" && strings.Contains(o.Text, v.Name) {
			s.pool = append(s.pool, ofVertex(v)...)
		}
	}
	if len(s.cited) == 0 {
		c.count(place, clean(o.Text), drop("it cites no fact"))
		return
	}
	text := c.keep("text", o.Text, s, false)
	if len(text) == 0 || len(c.result.Analysis.Observations)-len(c.in.Analysis.Observations) >= maxObservations {
		return
	}
	ids := slices.Sorted(maps.Keys(s.cited))
	for _, id := range ids {
		c.evidence(id)
	}
	c.result.Analysis.Observations = append(c.result.Analysis.Observations, events.Observation{
		Text: strings.Join(text, " "), Evidence: ids, Origin: events.OriginLLM,
	})
}
