package diagnose

import (
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// frameProblem is a problem of frames with one family of modes.
func frameProblem(id string, samples uint64, stack ...string) Problem {
	rule := mechanisms.Default().Mechanism(id)
	g := &group{
		rule: rule, operator: "Map.processElement", anchor: "Shop.map", frame: stack[len(stack)-1], stack: stack, vertices: []int{1},
		by: map[mechanisms.Family]*tally{mechanisms.FamilyWall: {samples: samples}},
	}
	return Problem{Rule: rule, Anchor: g.anchor, Frame: g.frame, Samples: int64(samples), OnPath: true, group: g}
}

// TestSameFault: two rules that match in the same stacks show one fault; a small part of it is another one, and so is what
// lies elsewhere, and what a rule takes the samples of another one from.
func TestSameFault(t *testing.T) {
	call := frameProblem("A12", 160, "Shop.map", "HttpClient.send")
	wait := frameProblem("A4", 150, "Shop.map", "HttpClient.send", "CompletableFuture.join")
	part := frameProblem("A4", 50, "Shop.map", "HttpClient.send", "CompletableFuture.join")
	beside := frameProblem("A4", 150, "Shop.map", "CompletableFuture.join")
	elsewhere := frameProblem("A4", 150, "Shop.map", "HttpClient.send", "CompletableFuture.join")
	elsewhere.group.vertices = []int{2}
	taken := frameProblem("A2", 150, "Shop.map", "HttpClient.send", "CompletableFuture.join")
	if rule := mechanisms.Default().Mechanism("A2"); !rule.TakesFrom(call.Rule) {
		t.Fatal("the rules of this test have changed")
	}
	for name, test := range map[string]struct {
		other Problem
		want  bool
	}{
		"the wait for its answer": {wait, true},
		"a part of it":            {part, false},
		"beside it":               {beside, false},
		"in another vertex":       {elsewhere, false},
		"with samples of its own": {taken, false},
	} {
		t.Run(name, func(t *testing.T) {
			chosen := []Problem{call}
			if got := test.other.sameAs(chosen); got != test.want || (len(chosen[0].also) == 1) != test.want {
				t.Errorf("same fault: %t, want %t; %d joined", got, test.want, len(chosen[0].also))
			}
		})
	}
}

// TestDemote: what gains next to nothing is a remark beside what gains much, and a warning alone.
func TestDemote(t *testing.T) {
	problem := func(p float64) Problem {
		return Problem{OnPath: true, P: p, Bound: bound(p, 1000), Severity: events.SeverityWarning}
	}
	beside := []Problem{problem(0.8), problem(0.3), problem(0.08)}
	demote(beside)
	alone := []Problem{problem(0.08)}
	demote(alone)
	if beside[1].Severity != events.SeverityWarning || beside[2].Severity != events.SeverityInfo || alone[0].Severity != events.SeverityWarning {
		t.Errorf("%s and %s beside, %s alone", beside[1].Severity, beside[2].Severity, alone[0].Severity)
	}
}
