package check

import (
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask/answer"
	"squirrly.dev/services/analyzer/internal/fingerprint"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// build builds the finding. All its numbers are those of the carrier.
func (c *checker) build(said answer.Finding, carrier events.Fact, t kept, s *scope) events.Finding {
	f := events.Finding{
		ID: fmt.Sprintf("L%d", c.number()+1), Category: categoryOf(said.Category, carrier), Title: title(carrier),
		Severity: events.SeverityInfo, Confidence: confidence(carrier.Samples),
		Anchor: carrier.Frame, Frame: carrier.Frame, OnPath: c.onPath(carrier), Mode: carrier.Mode,
		Samples: carrier.Samples, StdErr: carrier.StdErr,
		Where: strings.Join(t.where, " "), Size: strings.Join(t.size, " "), Why: strings.Join(t.why, " "),
		Cause: strings.Join(t.cause, " "), Origin: events.OriginLLM,
		Recommendation: events.Recommendation{
			Change: strings.Join(t.change, " "), Why: strings.Join(t.helps, " "), Impact: strings.Join(t.impact, " "),
			TradeOffs: strings.Join(t.tradeOffs, " "),
		},
	}
	c.weigh(&f, carrier)
	if carrier.Vertex != "" {
		f.Vertices = []string{carrier.Vertex}
	}
	if f.Where == "" {
		f.Where = "In " + carrier.Frame + "."
	}
	if f.Size == "" {
		f.Size = finish(carrier.Text + ": " + wording.Fact(carrier))
	}
	if f.Recommendation.Impact == "" {
		f.Recommendation.Impact = "No more than the cited " + wording.Fact(carrier) + "."
	}
	for _, link := range said.Links {
		if slices.Contains(c.in.Allowed.Links, link) {
			f.Recommendation.Links = append(f.Recommendation.Links, link)
		}
	}
	family := string(mechanisms.FamilyOf(f.Mode)) // ITIMER and CPU find the same problem
	f.FingerprintVersion = fingerprint.Version
	f.Fingerprint = fingerprint.Of("llm/"+f.Category, f.Anchor, strings.Join(f.Vertices, ","), family)
	c.adopt(s, &f)
	return f
}

// categoryOf returns the category that was said, when the frame carries it.
func categoryOf(said string, carrier events.Fact) string {
	switch said {
	case "cpu":
		if carrier.Mode != events.ModeWall {
			return said
		}
	case "blocking":
		if carrier.Mode == events.ModeWall {
			return said
		}
	}
	for _, sub := range subsystems {
		if slices.Contains(sub.categories, said) && sub.in(carrier) {
			return said
		}
	}
	return "other"
}

// weigh sets the numbers of the finding and the severity that follows from them. Off the path of the limiting vertex
// there is no gain in throughput, so that it stays a remark on cost, and beside a warning of the rules too.
func (c *checker) weigh(f *events.Finding, carrier events.Fact) {
	switch carrier.Unit {
	case wording.UnitShare:
		f.Share = carrier.Value
	case wording.UnitTE:
		f.TE = carrier.Value
	}
	if !f.OnPath {
		return
	}
	f.P = c.weight(carrier)
	if f.P < 1 {
		f.Bound = 1 / (1 - f.P)
	}
	if f.P >= warningShare && !c.in.Analysis.Severity.AtLeast(events.SeverityWarning) && f.Confidence != events.ConfidenceLow {
		f.Severity = events.SeverityWarning
	}
}

// title is made of what was measured, since nothing checks the wording of a title.
func title(f events.Fact) string {
	return wording.ClassMethod(f.Frame) + " takes " + wording.Fact(f)
}

// confidence grows with the samples, and is never high: no rule stands behind the cause.
func confidence(samples int64) events.Confidence {
	if samples >= 30 {
		return events.ConfidenceMedium
	}
	return events.ConfidenceLow
}
