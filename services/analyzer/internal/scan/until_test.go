package scan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// TestUntil: a match ends where the rule says, what is below is user code again, and the rule may match there anew.
func TestUntil(t *testing.T) {
	const stream = task + ";" + opMap + ";com/shop/A.map;java/util/stream/ReferencePipeline.forEach"
	s := scan(t, mechanisms.FamilyCPU,
		stream+" 10",
		stream+";java/util/ArrayList.forEach 20",
		stream+";com/shop/A.lambda$map$0 40",
		stream+";com/shop/A.lambda$map$0;java/lang/Long.valueOf 80",
	)
	got := map[string]uint64{"running": 0}
	for _, site := range s.Sites {
		got[mechanisms.Default().Mechanisms[site.Rule].ID+" "+s.Graph.Name(site.Frame)] = site.Samples
	}
	for _, c := range s.Chains {
		got["running"] += c.Running
	}
	want := map[string]uint64{"A14 java.util.stream.ReferencePipeline.forEach": 30, "A14 java.lang.Long.valueOf": 80, "running": 40}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestFramesOfAllocations: in a capture of ALLOC a rule looks for what its allocations end in, and one without such
// frames for nothing.
func TestFramesOfAllocations(t *testing.T) {
	s := scan(t, mechanisms.FamilyAlloc,
		task+";"+opMap+";com/shop/A.map;java/lang/Long.valueOf;java/lang/Long 50",
		task+";"+opMap+";com/shop/A.map;java/util/regex/Pattern.compile;int[] 30",
	)
	if len(s.Sites) != 1 || mechanisms.Default().Mechanisms[s.Sites[0].Rule].ID != "A14" || s.Sites[0].Samples != 50 {
		t.Errorf("%+v", s.Sites)
	}
}
