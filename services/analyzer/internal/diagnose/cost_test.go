package diagnose

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
)

// TestCostIsCPU: a job that is not limited shows all that burns CPU above its threshold, the largest first, and nothing
// that only waits.
func TestCostIsCPU(t *testing.T) {
	in := starvedJob(t, 0.45, 0.8, 16, 0)
	in.Captures[0].Graph = graph(t,
		"TASK;MAP;com/shop/Work.map;java/util/regex/Pattern.compile 300",
		"TASK;MAP;com/shop/Other.map;org/apache/flink/api/java/typeutils/runtime/kryo/KryoSerializer.copy 200",
		"TASK;SOURCE 100")
	in.Captures[1].Graph = graph(t, "TASK;IDLE 300",
		"TASK;MAP;com/shop/Slow.map;java/lang/Thread.sleep 120",
		"TASK;MAP;com/shop/Work.map;java/util/regex/Pattern.compile 36",
		"TASK;MAP;com/shop/Other.map;org/apache/flink/api/java/typeutils/runtime/kryo/KryoSerializer.copy 24")
	a := diagnoseOK(t, in).Analysis
	var rules []string
	for _, f := range a.Findings {
		rules = append(rules, f.Rule)
		if f.Severity != events.SeverityInfo || f.OnPath || !strings.Contains(f.Recommendation.Impact, "cores are freed") {
			t.Errorf("%s is %s, on the path %t: %s", f.Rule, f.Severity, f.OnPath, f.Recommendation.Impact)
		}
	}
	if a.Verdict.Limit != events.LimitNone || !slices.Equal(rules, []string{"A6", "B1"}) ||
		!strings.Contains(a.Verdict.Headline, "2 matters of cost, the largest: Work.map") {
		t.Errorf("%s: %v", a.Verdict.Headline, rules)
	}
}

// TestChanceIsNoWarning: severity is that of the lower end of what was measured.
func TestChanceIsNoWarning(t *testing.T) {
	severity := func(samples int) events.Severity {
		in := starvedJob(t, 0.97, 1.9, 16, 0)
		in.Captures[1].Graph = graph(t, "TASK;IDLE 100",
			"TASK;MAP;com/shop/Work.map;java/lang/Thread.sleep "+strconv.Itoa(samples),
			"TASK;MAP;com/shop/Work.map;com/shop/Work.score "+strconv.Itoa(540-samples))
		if f := ruleOf(diagnoseOK(t, in).Analysis, "A1"); f != nil {
			return f.Severity
		}
		return events.SeverityNone
	}
	if few, many := severity(12), severity(120); few == events.SeverityWarning || few == events.SeverityCritical || !many.AtLeast(events.SeverityWarning) {
		t.Errorf("12 samples of 540 are %s, 120 are %s", few, many)
	}
}

// TestNothingStandsOut: even then the verdict names what holds most, or says that it knows no sample of the vertex.
func TestNothingStandsOut(t *testing.T) {
	in := starvedJob(t, 0.97, 1.9, 16, 0)
	lines := []string{"TASK;IDLE 154", "TASK;SOURCE 16"}
	for i := range 10 {
		lines = append(lines, "TASK;MAP;com/shop/Work"+itoa(i)+".map "+itoa(26+i))
	}
	in.Captures = in.Captures[1:]
	in.Captures[0].Graph = graph(t, lines...)
	v := diagnoseOK(t, in).Analysis.Verdict
	if v.VertexName != "work" || v.Anchor != "com.shop.Work9.map" || !strings.Contains(v.Headline, "the largest, 11 %, is Work9.map") {
		t.Errorf("%s: %s", v.Anchor, v.Headline)
	}
	in.Captures[0].Graph = graph(t, "TASK;IDLE 484")
	v = diagnoseOK(t, in).Analysis.Verdict
	if v.VertexName != "work" || !strings.Contains(v.Headline, "where its time goes is not known") {
		t.Errorf("%s", v.Headline)
	}
}

// TestIdleWorkers: workers of pools that are woken all the time cost CPU; those that rest do not.
func TestIdleWorkers(t *testing.T) {
	said := func(samples int) bool {
		in := starvedJob(t, 0.45, 0.8, 16, 0)
		in.Captures[0].Graph = graph(t, "TASK;MAP;com/shop/Work.map 300", "java/lang/Thread.run;java/util/concurrent/ThreadPoolExecutor.runWorker;"+
			"java/util/concurrent/ThreadPoolExecutor.getTask;java/util/concurrent/LinkedBlockingQueue.take "+itoa(samples))
		return slices.ContainsFunc(diagnoseOK(t, in).Analysis.Observations, func(o events.Observation) bool {
			return strings.HasPrefix(o.Text, "Idle workers of thread pools, owner unknown, take 12 % of the CPU of tm-1")
		})
	}
	if !said(40) || said(5) {
		t.Errorf("40 of 340 samples: %t, 5 of 305: %t", said(40), said(5))
	}
}

// TestLimiterByItsFrames: of the threads of a rate limiter, what its own frames prove is its; a pool's thread that wakes a task
// is nobody's, and what a limited source reads and sends is no work of the limiter.
func TestLimiterByItsFrames(t *testing.T) {
	const limit = "org/apache/flink/api/connector/source/util/ratelimit/"
	const pool = "java/lang/Thread.run;java/util/concurrent/ThreadPoolExecutor.runWorker;java/util/concurrent/CompletableFuture$AsyncRun.run;"
	in := starvedJob(t, 0.45, 0.8, 16, 0)
	in.Captures[0].Graph = graph(t, "TASK;MAP;com/shop/Work.map 200", "TASK;SOURCE;"+limit+"RateLimitedSourceReader.pollNext;com/shop/Numbers.next 60",
		"TASK;SOURCE;"+limit+"RateLimitedSourceReader.isAvailable;"+limit+"GuavaRateLimiter.acquire;java/util/concurrent/CompletableFuture.runAsync 50",
		pool+"org/apache/flink/streaming/runtime/io/MultipleFuturesAvailabilityHelper.notifyCompletion 40")
	a := diagnoseOK(t, in).Analysis
	if f := ruleOf(a, "D27"); f == nil || f.Samples != 50 {
		t.Errorf("%+v, want the limiter with 50 samples", f)
	}
	if !hasFact(a, "those that wake a task, take 11 % of the ITIMER samples of tm-1 (40)") {
		t.Error("the threads that wake a task are not told")
	}
}
