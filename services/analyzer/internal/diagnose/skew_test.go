package diagnose

import (
	"slices"
	"testing"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
)

// TestSkewBeforeHotCode: when one subtask has the work, that stands before the remark that its code is hot, with the
// counters of the job, with blind ones, and without any.
func TestSkewBeforeHotCode(t *testing.T) {
	const count = "TASK;MAP;com/shop/Count.map "
	pages := []Capture{
		capture("tm-1", events.ModeWall, graph(t, "TASK;IDLE 5", "TASK;SOURCE 5", count+"150")),
		capture("tm-2", events.ModeWall, graph(t, "TASK;IDLE 122", "TASK;SOURCE 5", count+"33")),
	}
	job := func(hot, cold load) *jobcontext.Context {
		return newJob("tm-1", "tm-2").vertex("Source: in", nil, load{0.1, 0, 500}, load{0.1, 0, 500}).
			vertex("count", []string{"Source: in"}, hot, cold).Context
	}
	for name, ctx := range map[string]*jobcontext.Context{
		"counters":       job(load{0.98, 0.02, 900}, load{0.15, 0.85, 100}),
		"blind counters": job(load{0.98, 0.02, 500}, load{0.97, 0.03, 500}),
		"pages alone":    nil,
	} {
		t.Run(name, func(t *testing.T) {
			a := diagnoseOK(t, Input{Context: ctx, Captures: pages}).Analysis
			at := func(rule string) int {
				return slices.IndexFunc(a.Findings, func(f events.Finding) bool { return f.Rule == rule })
			}
			if skew, hot := at("D20"), at("U1"); skew != 0 || hot < 1 {
				t.Errorf("skew at %d, hot code at %d of %d findings", skew, hot, len(a.Findings))
			}
		})
	}
}

// TestKnownCauseBeforeSkew: on pages alone a skew is a guess, and a known cause that is as severe and larger comes first.
func TestKnownCauseBeforeSkew(t *testing.T) {
	const sleep = "TASK;MAP;com/shop/Slow.map;java/lang/Thread.sleep "
	a := diagnoseOK(t, Input{Captures: []Capture{
		capture("tm-1", events.ModeWall, graph(t, "TASK;IDLE 10", sleep+"150")),
		capture("tm-2", events.ModeWall, graph(t, "TASK;IDLE 130", sleep+"30")),
	}}).Analysis
	if len(a.Findings) < 2 || a.Findings[0].Rule != "A1" || ruleOf(a, "D20") == nil {
		t.Errorf("findings %+v", a.Findings)
	}
}
