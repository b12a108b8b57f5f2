package diagnose

import (
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/compare"
)

// TestRepeat compares real runs of one unchanged job, on two Flinks: nothing helped and nothing got worse.
func TestRepeat(t *testing.T) {
	var runs []events.Analysis
	for _, version := range flinkVersions {
		r, err := Diagnose(Input{Context: recordedContext(t, version), Captures: []Capture{
			recorded(t, version, events.ModeITimer), recorded(t, version, events.ModeWall),
		}})
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, r.Analysis)
	}
	for _, pair := range [][2]events.Analysis{{runs[0], runs[0]}, {runs[0], runs[1]}, {runs[1], runs[0]}} {
		c := compare.Compare(pair[0], pair[1])
		t.Log(c.Summary)
		for _, m := range c.Measures {
			t.Logf("%s: %.3g → %.3g %s, %t", m.Name, m.Before, m.After, m.Unit, m.Significant)
		}
		if c.Effect != events.EffectNone {
			t.Errorf("effect %s", c.Effect)
		}
		for _, x := range c.Changes {
			t.Logf("%s: %s, z %.1f, %.3g → %.3g %s", x.Rule, x.Change, x.Z, x.CostBefore, x.CostAfter, x.Unit)
			if x.Severity.AtLeast(events.SeverityWarning) && x.Change != events.ChangePersisting {
				t.Errorf("%s is %s", x.Rule, x.Change)
			}
		}
	}
}
