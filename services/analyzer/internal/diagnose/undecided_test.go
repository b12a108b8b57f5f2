package diagnose

import (
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
)

// TestUndecided: what may be in the vertex that limits or in another one is not booked as the time of either, and not
// called elsewhere.
func TestUndecided(t *testing.T) {
	j := newJob("tm-1").vertex("Source: in", nil, load{0.1, 0.9, 9}).vertex("aaa", []string{"Source: in"}, load{0.99, 0.01, 9}).
		vertex("bbb", []string{"aaa"}, load{0.6, 0.4, 9})
	wall := graph(t, "TASK;IDLE 380", "TASK;MAP;com/shop/One.call;java/lang/Thread.sleep 100")
	r := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{
		capture("tm-1", events.ModeWall, wall), capture("tm-1", events.ModeITimer, graph(t, "TASK;MAP;com/shop/One.call;java/util/regex/Pattern.compile 900")),
	}})
	if len(r.Analysis.Findings) == 0 {
		t.Fatal("nothing is found")
	}
	for _, f := range r.Analysis.Findings {
		if len(f.Vertices) != 2 || f.OnPath || f.Bound > 0 {
			t.Errorf("%s in %v: on path %v, bound %v", f.Rule, f.Vertices, f.OnPath, f.Bound)
		}
		if strings.Contains(f.Why, "not in the vertex") || strings.Contains(f.Size, "of the time of") {
			t.Errorf("%s: %s; %s", f.Rule, f.Size, f.Why)
		}
	}
}
