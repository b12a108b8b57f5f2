package diagnosis_test

import (
	"slices"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/test/diagnosis"
)

// What a model may add is told apart from what it must not touch.
func TestCompared(t *testing.T) {
	rules := func() events.Analysis {
		return events.Analysis{
			Verdict: events.Verdict{Headline: "Join limits."}, Unverified: []string{"said before"},
			Findings: []events.Finding{{ID: "R1", Title: "reads"}, {ID: "R2", Title: "writes"}},
		}
	}
	for name, c := range map[string]struct {
		change                         func(a *events.Analysis)
		proven, supported, alternative int
	}{
		"nothing": {func(*events.Analysis) {}, 0, 0, 0},
		"agrees": {func(a *events.Analysis) {
			a.Findings[0].Origin, a.Findings[0].Proof = events.OriginBoth, events.ProofProven
		}, 0, 0, 0},
		"a text":   {func(a *events.Analysis) { a.Findings[0].Why = "no matter" }, 1, 0, 0},
		"severity": {func(a *events.Analysis) { a.Findings[1].Severity = events.SeverityInfo }, 1, 0, 0},
		"verdict":  {func(a *events.Analysis) { a.Verdict.Headline = "Fine." }, 1, 0, 0},
		"order":    {func(a *events.Analysis) { slices.Reverse(a.Findings) }, 1, 0, 0},
		"one less": {func(a *events.Analysis) { a.Findings = a.Findings[:1] }, 1, 0, 0},
		"a proof":  {func(a *events.Analysis) { a.Findings = append(a.Findings, events.Finding{ID: "L1"}) }, 1, 0, 0},
		"a support": {func(a *events.Analysis) {
			a.Findings = append(a.Findings, events.Finding{ID: "L1", Proof: events.ProofSupported})
		}, 0, 1, 0},
		"one change": {func(a *events.Analysis) { a.Findings[0].Alternatives = []events.Recommendation{{Change: "x"}} }, 0, 0, 1},
	} {
		a := rules()
		c.change(&a)
		e := diagnosis.Compared(rules(), a)
		if len(e.Proven) != c.proven || len(e.Supported) != c.supported || len(e.Alternatives) != c.alternative {
			t.Errorf("%s: proven %q, supported %d, alternatives %q", name, e.Proven, len(e.Supported), e.Alternatives)
		}
	}
	a := rules()
	a.Unverified = append(a.Unverified, "it says evil")
	a.Readings = []events.Reading{{Text: "evil, too"}}
	if e := diagnosis.Compared(rules(), a); len(e.Says("evil")) != 1 || len(e.Reads("evil")) != 1 || len(e.Says("before")) != 0 {
		t.Errorf("told %q, read %q", e.Says("evil"), e.Reads("evil"))
	}
}
