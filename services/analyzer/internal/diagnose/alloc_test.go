package diagnose

import (
	"math"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
)

const boxes = "TASK;MAP;com/shop/Sum.map;java/lang/Long.valueOf;java/lang/Long "

// TestAllocationsTakeTimeFromTheCPU: the p of boxing is the time of its frames, however much of the allocations it makes.
func TestAllocationsTakeTimeFromTheCPU(t *testing.T) {
	cpu := graph(t, "TASK;SOURCE 10", "TASK;MAP;com/shop/Sum.map;java/lang/Long.valueOf 60", "TASK;MAP;com/shop/Sum.map;com/shop/Sum.heavy 240")
	r := diagnoseOK(t, Input{Context: limited().Context, Captures: []Capture{
		capture("tm-1", events.ModeITimer, cpu), capture("tm-1", events.ModeAlloc, graph(t, boxes+"1000")),
	}})
	f := ruleOf(r.Analysis, "A14")
	if f == nil || math.Abs(f.P-0.2) > 0.05 || f.Severity != events.SeverityWarning || f.Mode != events.ModeITimer ||
		!cites(r.Analysis, f, "Sum.map makes 100 % of the allocation samples") {
		t.Errorf("%+v", f)
	}
	checkForm(t, r)
}

// TestAllocationsAlone: without time there is no p, no bound and no more than a remark, and the verdict names it not.
func TestAllocationsAlone(t *testing.T) {
	cpu := graph(t, "TASK;SOURCE 10", "TASK;MAP;com/shop/Sum.map 300")
	r := diagnoseOK(t, Input{Context: limited().Context, Captures: []Capture{
		capture("tm-1", events.ModeITimer, cpu), capture("tm-1", events.ModeAlloc, graph(t, boxes+"1000")),
	}})
	f := ruleOf(r.Analysis, "A14")
	if f == nil || f.P != 0 || f.Bound != 1 || f.Severity != events.SeverityInfo || strings.Contains(f.Size, "of the time") {
		t.Errorf("%+v", f)
	}
	if first := r.Analysis.Findings[0]; first.Rule != "U1" || r.Analysis.Verdict.P != first.P {
		t.Errorf("%s is first, the verdict says %.2f", first.Rule, r.Analysis.Verdict.P)
	}
	checkForm(t, r)
}

// TestGarbageCounts: what a function allocates costs what the collector takes for it.
func TestGarbageCounts(t *testing.T) {
	cpu := graph(t, "TASK;SOURCE 10", "TASK;MAP;com/shop/Sum.map 50", "TASK;MAP;com/shop/Other.map 150", "G1ParScanThreadState::copy 100")
	r := diagnoseOK(t, Input{Context: limited().Context, Captures: []Capture{
		capture("tm-1", events.ModeITimer, cpu),
		capture("tm-1", events.ModeAlloc, graph(t, boxes+"750", "TASK;MAP;com/shop/Other.map;com/shop/Event 250")),
	}})
	f := ruleOf(r.Analysis, "A14")
	if f == nil || f.Severity != events.SeverityWarning || f.P != 0 || !strings.HasPrefix(f.Where, "Sum.map → Long in vertex work") ||
		!cites(r.Analysis, f, "Garbage collection takes 24 % of the CPU samples for what Sum.map allocates.") ||
		!strings.Contains(f.Recommendation.Impact, "At most 24 % of the CPU time is freed, which garbage collection takes for it.") {
		t.Errorf("%+v", f)
	}
	checkForm(t, r)
}

// TestOneCauseOneFinding: Kryo that copies, writes and reads is one problem, and what it reads has no operator above.
func TestOneCauseOneFinding(t *testing.T) {
	const kryo = "org/apache/flink/api/java/typeutils/runtime/kryo/KryoSerializer."
	cpu := graph(t, "TASK;SOURCE 10", "TASK;MAP;org/apache/flink/streaming/runtime/tasks/CopyingChainingOutput.pushToOperator;"+kryo+"copy 100",
		"TASK;MAP;org/apache/flink/streaming/runtime/io/RecordWriterOutput.collect;"+kryo+"serialize 60",
		"TASK;org/apache/flink/runtime/plugable/NonReusingDeserializationDelegate.read;"+kryo+"deserialize 40", "TASK;MAP;com/shop/Sum.map 100")
	r := diagnoseOK(t, Input{Context: limited().Context, Captures: []Capture{capture("tm-1", events.ModeITimer, cpu)}})
	n := 0
	for _, f := range r.Analysis.Findings {
		if f.Rule == "B1" {
			n++
		}
	}
	f := ruleOf(r.Analysis, "B1")
	if n != 1 || !cites(r.Analysis, f, "KryoSerializer.deserialize has 40 active ITIMER samples (13 %)") || f.Samples != 100 || !strings.Contains(f.Size, "52 % of the active ITIMER samples (160) in 2 places, 100 of them in KryoSerializer.copy") || !strings.Contains(f.Size, "and 13 % of them in KryoSerializer.deserialize, whose vertex cannot be told") {
		t.Errorf("%d findings: %+v", n, f)
	}
	checkForm(t, r)
}
