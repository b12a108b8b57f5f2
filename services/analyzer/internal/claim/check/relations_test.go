package check_test

import (
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/claim/check"
	"squirrly.dev/services/analyzer/internal/diagnose"
)

// decided is what becomes of a relation of a recording.
type decided struct {
	relation claim.Relation
	want     check.Verdict
	says     string // a part of the sentence
}

func (r run) decides(t *testing.T, all ...decided) {
	t.Helper()
	for _, c := range all {
		got := r.checker.Relation(c.relation)
		if got.Verdict != c.want || !strings.Contains(got.Text, c.says) {
			t.Errorf("%s %s: %s, want %s and %q: %s", c.relation.Kind, c.relation.A, got.Verdict, c.want, c.says, got.Text)
		}
	}
}

// TestPartOf_Idle: what is idle is no part of what works, and each way to be idle is a part of all that is idle.
func TestPartOf_Idle(t *testing.T) {
	r := recorded(t, "sleepy-map")
	tasks, all, line := r.idle(t, "I4"), r.idle(t, events.IdleOnly), r.line(t, events.ModeWall, "Thread.sleep")
	other := r.which(t, func(f *events.Fact) bool {
		return f.Count != nil && f.Mode == events.ModeWall && f.Count.Idle != "" && f.Count.Idle[0] == 'I' && f.Count.Idle != "I4"
	})
	r.decides(t,
		decided{relation(claim.PartOf, tasks, all), check.Holds, "100 %"},
		decided{relation(claim.PartOf, all, tasks), check.Refuted, "Only"},
		decided{relation(claim.PartOf, tasks, other), check.Refuted, "Only 0 %"},
		decided{relation(claim.PartOf, tasks, line), check.Refuted, "Only 0 %"},
		decided{relation(claim.PartOf, line, all), check.Refuted, "Only 0 %"},
		decided{relation(claim.CalledBy, tasks, "StreamMap.processElement"), check.Refuted, "0 %"},
	)
}

// TestPartOf_Modes: samples of two modes are not the same ones. Where they would be, nobody knows; where they would not, it is
// no part.
func TestPartOf_Modes(t *testing.T) {
	r := recorded(t, "generic-event")
	copied := r.line(t, events.ModeITimer, "CollectionSerializer.copy")
	r.decides(t,
		decided{relation(claim.PartOf, copied, r.line(t, events.ModeWall, "Task.run")), check.Undecided, "samples of two modes"},
		decided{relation(claim.PartOf, copied, r.line(t, events.ModeWall, "SpillingAdaptiveSpanningRecordDeserializer.getNextRecord")), check.Refuted, "two modes, and only 0 %"},
		decided{relation(claim.PartOf, "O3", "O1"), check.Refuted, "Only 0 %"},
		decided{relation(claim.PartOf, "O3", "org.apache.flink.runtime.taskmanager.Task.run"), check.Holds, "100 %"},
	)
}

// TestCalledBy_Never: a caller that is on no stack of what it calls does not call it. One stack or a few tell nothing.
func TestCalledBy_Never(t *testing.T) {
	r := recorded(t, "shared-lock")
	r.decides(t,
		decided{relation(claim.CalledBy, "SharedLock$RateFunction.map", "Task.run"), check.Holds, "100 %"},
		decided{relation(claim.CalledBy, "SharedLock$RateFunction.map", "JavaThread::thread_main_inner()"), check.Refuted, "0 %"},
		decided{relation(claim.CalledBy, "CompileBroker::compiler_thread_loop()", "Task.run"), check.Refuted, "it is below Task.run"},
	)
	recorded(t, "mapper-per-record/good").decides(t, // in stacks that are idle
		decided{relation(claim.CalledBy, "org.apache.pekko.serialization.Serialization.deserializeByteArray", "org.apache.pekko.dispatch.Mailbox.processMailbox"), check.Holds, "66 of the 66"},
	)
	r.checker = check.New(r.analysis, seldom{r.ground})
	r.decides(t, decided{relation(claim.CalledBy, "SharedLock$RateFunction.map", "JavaThread::thread_main_inner()"), check.Undecided, "too few"})
}

// seldom shows three samples of everything, none of them below anything.
type seldom struct{ *diagnose.Ground }

func (seldom) Below(events.Fact, []string) (below, all int64, ok bool) { return 0, 3, true }

// TestLargerThan_Same: of two numbers that are one neither is larger, and the whole is no smaller than its part.
func TestLargerThan_Same(t *testing.T) {
	r := recorded(t, "map-scan")
	outer, inner := r.line(t, events.ModeITimer, "AbstractStreamTaskNetworkInput.processElement"), r.line(t, events.ModeITimer, "StockFunction.map")
	task := r.line(t, events.ModeITimer, "Task.run")
	r.decides(t,
		decided{relation(claim.LargerThan, outer, inner), check.Refuted, "all samples of"},
		decided{relation(claim.LargerThan, inner, outer), check.Refuted, "all samples of"},
		decided{relation(claim.LargerThan, inner, task), check.Refuted, "all samples of"},
		decided{relation(claim.LargerThan, task, inner), check.Undecided, "the same within their errors"},
	)
	// One load is that of the busiest subtask.
	recorded(t, "shared-lock").decides(t,
		decided{relation(claim.LargerThan, "V1", "V2"), check.Refuted, "100 %"},
		decided{relation(claim.LargerThan, "V2", "V1"), check.Holds, "100 %"},
	)
}

// TestWaitsFor_Runs: what runs in all of its samples of WALL waits for nothing. In other modes nobody sees a wait.
func TestWaitsFor_Runs(t *testing.T) {
	const loop = "MailboxProcessor.runMailboxLoop"
	r := recorded(t, "sql-rank")
	r.decides(t, decided{relation(claim.WaitsFor, r.line(t, events.ModeWall, "AppendOnlyTopNFunction.processElement"), loop), check.Refuted, "waits for nothing"})
	s := recorded(t, "sleepy-map")
	s.decides(t,
		decided{relation(claim.WaitsFor, s.line(t, events.ModeWall, "StreamMap.processElement"), "java.lang.Thread.sleep"), check.Holds, "wait in Thread.sleep"},
		decided{relation(claim.WaitsFor, s.line(t, events.ModeWall, "StreamMap.processElement"), "JavaThread::thread_main_inner()"), check.Undecided, "another thread"},
	)
}

// TestAbsent: few active samples of an idle job, or of an operator, say nothing against what is on no page.
func TestAbsent(t *testing.T) {
	absent := func(a string) claim.Relation { return claim.Relation{Kind: claim.Absent, A: a} }
	recorded(t, "idle-job/good").decides(t,
		decided{absent("java.util.regex.Pattern.compile"), check.Holds, "in no sample"},
		decided{absent("rule C1"), check.Holds, "in no sample"},
		decided{absent("org.apache.flink.runtime.taskmanager.Task.run"), check.Undecided, "too few"},
	)
	r := recorded(t, "sleepy-map")
	c, _ := r.agreeing(t)
	c.Because = []claim.Relation{absent("com.esotericsoftware.kryo.Kryo.copy"), absent("java.lang.Thread.sleep")}
	j := r.checker.Claim(c)
	if len(j.Relations) != 2 || j.Relations[0].Verdict != check.Holds || j.Relations[1].Verdict != check.Refuted {
		t.Errorf("%+v", j.Relations)
	}
}

// TestConfigured: what a process reads when it starts is sure, whether the table of keys has it or not; a text is not told.
func TestConfigured(t *testing.T) {
	recorded(t, "sql-rank").decides(t,
		decided{relation(claim.Configured, "jobmanager.memory.heap.size", "393216 kb"), check.Holds, "384"},
		decided{relation(claim.Configured, "jobmanager.memory.heap.size", "384g"), check.Refuted, "384"},
		decided{relation(claim.Configured, "rest.profiling.enabled", "false"), check.Refuted, "true"},
		decided{relation(claim.Configured, "rest.profiling.history-size", "10"), check.Undecided, "may be another one"},
		decided{relation(claim.Configured, "jobmanager.rpc.address", "localhost"), check.Undecided, "is a text"},
	)
	recorded(t, "regex-enrich").decides(t,
		decided{relation(claim.Configured, "parallelism.default", "4"), check.Undecided, "the code of the job can set it"},
	)
}
