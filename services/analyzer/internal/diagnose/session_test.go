package diagnose

import (
	"slices"
	"strings"
	"testing"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
)

// TestSessionSplit: what the thread dumps show in another job's threads is none of this job; what they show in both, or
// in none, is unattributed.
func TestSessionSplit(t *testing.T) {
	t.Run("this job had no more time", func(t *testing.T) {
		testSessionSplit(t, 0.5, "25 % of its active task samples are this job's, 75 % are other jobs', 0 % unattributed")
	})
	t.Run("this job had time for a part", func(t *testing.T) {
		testSessionSplit(t, 0.7, "25 % of its active task samples are this job's, 50 % are other jobs', 25 % unattributed")
	})
	t.Run("this job was busy for all that is open", func(t *testing.T) {
		testSessionSplit(t, 0.99, "50 % of its active task samples are this job's, 50 % are other jobs', 0 % unattributed")
	})
}

func testSessionSplit(t *testing.T, busy float64, want string) {
	t.Helper()
	const task = "org.apache.flink.runtime.taskmanager.Task.run"
	j := newJob("tm-1").vertex("Source: in", nil, load{0.1, 0, 100}).vertex("work", []string{"Source: in"}, load{busy, 1 - busy, 100}).
		thread("work (1/1)#0", "com.shop.Work.map", "com.shop.Common.map", task)
	j.TaskManagers[0].OtherJobs = 1
	j.Threads = append(j.Threads,
		jobcontext.Thread{TaskManager: "tm-1", Name: "enrich (1/1)#0", Frames: []string{"com.other.Enrich.map", "com.shop.Common.map", task}},
		jobcontext.Thread{TaskManager: "tm-1", Name: "System Time Trigger for work (1/1)#0", Frames: []string{"com.shop.Work.onTimer"}})
	wall := graph(t, "TASK;IDLE 162", "TASK;MAP;com/shop/Work.map;java/lang/Thread.sleep 78", "TASK;MAP;com/other/Enrich.map;java/lang/Thread.sleep 160",
		"TASK;MAP;com/shop/Common.map;java/lang/Thread.sleep 40", "TASK;MAP;com/shop/Rare.map;java/lang/Thread.sleep 40")
	r := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", events.ModeWall, wall)}})
	a := r.Analysis
	var anchors []string
	for _, f := range a.Findings {
		anchors = append(anchors, f.Anchor)
	}
	if slices.Contains(anchors, "com.other.Enrich.map") || !slices.Contains(anchors, "com.shop.Work.map") {
		t.Errorf("findings at %v", anchors)
	}
	if !hasFact(a, want) {
		t.Errorf("facts %+v", a.Evidence)
	}
	if open := strings.Contains(want, "25 % unattributed"); open != slices.ContainsFunc(a.Observations, func(o events.Observation) bool {
		return strings.Contains(o.Text, "unattributed: 25 %")
	}) {
		t.Errorf("observations %+v", a.Observations)
	}
	checkForm(t, r)
}

// TestSessionTwins: two jobs of one program have threads of the same names; what is not told apart is unattributed.
func TestSessionTwins(t *testing.T) {
	const task = "org.apache.flink.runtime.taskmanager.Task.run"
	wall := graph(t, "TASK;IDLE 160", "TASK;MAP;com/shop/Work.map;java/lang/Thread.sleep 320")
	for name, test := range map[string]struct {
		others []string // threads beside that of this job
		want   string
	}{
		"alone":            {nil, "100 % unattributed"},
		"the same subtask": {[]string{"work (1/1)#0"}, "100 % unattributed"},
		"another subtask":  {[]string{"work (2/3)#0"}, "100 % unattributed"},
	} {
		j := newJob("tm-1").vertex("Source: in", nil, load{0.1, 0, 100}).vertex("work", []string{"Source: in"}, load{0.99, 0.01, 100}).
			thread("work (1/1)#0", "com.shop.Work.map", task)
		for _, other := range test.others {
			j.thread(other, "com.shop.Work.map", task)
		}
		j.TaskManagers[0].OtherJobs = 1
		r := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", events.ModeWall, wall)}})
		if !hasFact(r.Analysis, test.want) {
			t.Errorf("%s: no fact says %q", name, test.want)
		}
		if f := ruleOf(r.Analysis, "A1"); f == nil || f.P > 1 {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
