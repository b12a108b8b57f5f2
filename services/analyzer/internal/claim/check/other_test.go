package check_test

import (
	"slices"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/claim/check"
)

// others are claims of a cause of one's own that are told.
var others = []struct{ job, operator, frame, says string }{
	{"jobs/two-jobs-guilty", "Deserialization", "MeasurementDeserializer.flatMap", "MeasurementDeserializer.flatMap takes 42 %"},
	{"jobs/two-jobs-guilty", "Deserialization", "RecordWriter.emit", "RecordWriter.emit takes 2"},
	{"jobs/two-jobs-guilty", "Source: FakeKafkaSource", "FakeKafkaSource.run", "FakeKafkaSource.run takes 56 %"},
	{"gc-pressure", "visits", "VisitsFunction.map", "VisitsFunction.map takes 82 %"},
}

// other claims that a function holds an operator back, by a line of the call tree.
func (r run) other(t *testing.T, operator string, mode events.Mode, frame string) claim.Claim {
	t.Helper()
	for _, o := range r.ground.Operators() {
		if o.Name == operator {
			return claim.Claim{Operator: o.ID, Mechanism: claim.Other, Share: r.line(t, mode, frame)}
		}
	}
	t.Fatalf("no operator %s", operator)
	return claim.Claim{}
}

// TestOther: where a tenth of the time or more goes and no rule says why, that is told, with the reasons that hold and no others.
func TestOther(t *testing.T) {
	for _, c := range others {
		r := recorded(t, c.job)
		cl := r.other(t, c.operator, events.ModeWall, c.frame)
		cl.Because = []claim.Relation{
			relation(claim.CalledBy, cl.Share, "org.apache.flink.runtime.taskmanager.Task.run"), relation(claim.WaitsFor, "F1", "JavaThread::run()"),
			relation(claim.Configured, "pipeline.object-reuse", "false"),
		}
		cl.Because = slices.DeleteFunc(cl.Because, func(rel claim.Relation) bool { return r.checker.Relation(rel).Verdict == check.Refuted })
		cl.Changes = []claim.Change{{Kind: claim.Set, Key: new("pipeline.object-reuse"), Value: new("true")}, {Kind: claim.Plan, Sketch: new("It melts.")}}
		out := r.checker.Answer(claim.Answer{Claims: []claim.Claim{cl}})
		f := out.Supported
		if f == nil {
			t.Errorf("%s, %s: nothing is told: %q", c.job, c.frame, out.Unverified)
			continue
		}
		if !strings.Contains(f.Title, c.says) || f.Category != "other" || f.Rule != "" || f.Proven() || f.Severity != events.SeverityWarning || f.Confidence != events.ConfidenceLow {
			t.Errorf("%s: %+v", c.job, f)
		}
		if len(f.Recommendation.Config) > 0 || strings.Contains(f.Recommendation.Change, "melts") || !strings.HasPrefix(f.Recommendation.Change, "Change how O") {
			t.Errorf("%s: %+v", c.job, f.Recommendation)
		}
		for i, d := range r.checker.Claim(cl).Relations {
			if told := strings.Contains(f.Cause, d.Text); told != (d.Verdict == check.Holds) {
				t.Errorf("%s: %s is %s, and told: %t", c.job, cl.Because[i].Kind, d.Verdict, told)
			}
		}
	}
}

// TestOther_FalseReason: a reason that no stack shows takes the finding away, and one that nothing decides is not told with it.
func TestOther_FalseReason(t *testing.T) {
	r := recorded(t, "gc-pressure")
	c := r.other(t, "visits", events.ModeWall, "VisitsFunction.map")
	if len(r.ground.Frames(compiler)) == 0 {
		t.Fatal("no page shows the other thread, so nothing is tested")
	}
	c.Because = []claim.Relation{relation(claim.CalledBy, c.Share, compiler)}
	if out := r.checker.Answer(claim.Answer{Claims: []claim.Claim{c}}); out.Supported != nil || out.Claims.Refuted != 1 {
		t.Errorf("%+v", out)
	}
	c.Because = []claim.Relation{relation(claim.Configured, "parallelism.default", "4")}
	out := r.checker.Answer(claim.Answer{Claims: []claim.Claim{c}})
	if out.Supported == nil || strings.Contains(out.Supported.Cause, "parallelism") {
		t.Errorf("%+v", out)
	}
}

// TestOther_Opposites: what holds whatever a task does, what a rule explains, what is small or elsewhere, and what is no function.
func TestOther_Opposites(t *testing.T) {
	for what, c := range map[string]struct {
		job, operator string
		mode          events.Mode
		frame         string
		want          check.Verdict
		says          string
	}{
		"the loop of Flink":              {"jobs/two-jobs-guilty", "Deserialization", events.ModeWall, "TimestampsAndWatermarksOperator.processElement", check.Undecided, "holds what a task does"},
		"an operator of Flink":           {"gc-pressure", "visits", events.ModeWall, "StreamMap.processElement", check.Undecided, "holds what a task does"},
		"the thread of a task":           {"gc-pressure", "visits", events.ModeWall, "Task.run", check.Undecided, "holds what a task does"},
		"the source that calls it":       {"jobs/two-jobs-guilty", "Deserialization", events.ModeITimer, "FakeKafkaSource.run", check.Undecided, "holds what a task does"},
		"what a rule found":              {"sql-agg", "GroupAggregate[3]", events.ModeITimer, "RocksDBValueState.update", check.Undecided, "R1 takes most of its samples"},
		"what a rule found in user code": {"one-key", "score", events.ModeITimer, "ScoreFunction.map", check.Undecided, "R2 takes most of its samples"},
		"CPU where a rule found a wait":  {"sleepy-map", "parse", events.ModeITimer, "PacedParseFunction.map", check.Undecided, "R1 takes most of its samples"},
		"a part of what a rule found":    {"two-faults", "visits", events.ModeITimer, "DeserializerCache._createAndCache2", check.Undecided, "R1 takes most of its samples"},
		"less than a tenth":              {"map-scan", "stock", events.ModeWall, "DBIter::ParseKey(rocksdb::ParsedInternalKey*)", check.Refuted, "less than 10 %"},
		"another operator":               {"gc-pressure", "records", events.ModeWall, "VisitsFunction.map", check.Refuted, "lie in"},
		"a library":                      {"jobs/nexmark-q4", "Join[10]", events.ModeITimer, ".so", check.Undecided, "no function of it"},
	} {
		r := recorded(t, c.job)
		cl := r.other(t, c.operator, c.mode, c.frame)
		if j := r.checker.Claim(cl); j.Verdict != c.want || j.Finding != nil || !strings.Contains(j.Text, c.says) {
			t.Errorf("%s: %s: %s", what, j.Verdict, j.Text)
		}
	}
}

// TestOther_NotTheLimit: of the operators of a vertex that does not limit the job nothing is told, and of no vertex in a job that
// none limits.
func TestOther_NotTheLimit(t *testing.T) {
	for _, job := range []string{"gc-pressure", "sleepy-map", "warm-not-limited", "one-key/good", "jobs/two-jobs-innocent", "jobs/restart-loop"} {
		r := recorded(t, job)
		for _, o := range r.ground.Operators() {
			if o.Limiting && r.analysis.Verdict.Limit == events.LimitVertex {
				continue
			}
			for _, f := range r.analysis.Evidence {
				j := r.checker.Claim(claim.Claim{Operator: o.ID, Mechanism: claim.Other, Share: f.ID})
				if j.Finding != nil {
					t.Errorf("%s: %s in %s: %s", job, f.ID, o.Name, j.Text)
				}
			}
		}
	}
}
