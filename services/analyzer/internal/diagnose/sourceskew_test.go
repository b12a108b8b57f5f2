package diagnose

import (
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
)

// oneSender is a job whose source limits: one of its four subtasks sends nearly everything.
func oneSender() *job {
	j := newJob("tm-1").vertex("Source: in", nil, load{0.97, 0.03, 1000}, load{0.05, 0.95, 20}, load{0.04, 0.96, 10}, load{0, 1, 0}).
		vertex("sink", []string{"Source: in"}, load{0.1, 0.9, 260}, load{0.1, 0.9, 260}, load{0.1, 0.9, 255}, load{0.1, 0.9, 255})
	j.Vertices[1].Inputs[0].Ship = "REBALANCE"
	return j.cores(0.9)
}

// of changes how a subtask of a vertex spends its time and what it sends in every window.
func (j *job) of(vertex string, subtask int, l load) *job {
	for w := range j.Windows {
		for i := range j.Windows[w].Samples[1].Subtasks {
			c := &j.Windows[w].Samples[1].Subtasks[i]
			if c.Vertex == "id-"+vertex && c.Subtask == subtask {
				c.BusyMillis, c.IdleMillis = 5000+int64(l.busy*seconds*1000), 100+int64(l.idle*seconds*1000)
				c.BackPressuredMillis = 3 + int64((1-l.busy-l.idle)*seconds*1000)
				c.ReadRecords, c.WriteRecords = l.records*seconds, l.records*seconds
			}
			if strings.HasPrefix(c.Vertex, "id-Source") {
				c.ReadRecords = 0 // as Flink counts them
			}
		}
	}
	return j
}

// TestSourceSkew: skew is told where it comes from, and so with the change that mends it.
func TestSourceSkew(t *testing.T) {
	forward := func() *job { // behind the source, one to one, and it limits
		j := newJob("tm-1").vertex("Source: in", nil, load{0.2, 0.8, 1000}, load{0, 1, 3}).
			vertex("work", []string{"Source: in"}, load{0.98, 0.02, 1000}, load{0.01, 0.99, 3})
		return j.of("Source: in", 0, load{0.2, 0, 1000}).cores(0.9)
	}
	ship := func(j *job, ship string) *job {
		j.Vertices[1].Inputs[0].Ship = ship
		return j
	}
	for name, test := range map[string]struct {
		job   *job
		rule  string // D30, D20 or neither
		first string // what the first change begins with
	}{
		"one subtask sends":      {oneSender(), "D30", "Spread the records behind the source"},
		"two send alike":         {oneSender().of("Source: in", 1, load{0.95, 0.05, 950}).of("Source: in", 2, load{0.95, 0.05, 940}), "", ""},
		"all are busy alike":     {oneSender().of("Source: in", 1, load{0.95, 0.05, 20}).of("Source: in", 2, load{0.95, 0.05, 10}).of("Source: in", 3, load{0.96, 0.04, 9}), "", ""},
		"one to one behind it":   {forward(), "D30", "Spread the records behind the source"},
		"by key behind it":       {ship(forward(), "HASH"), "D20", "Aggregate before the records are sent by key"},
		"in turn behind it":      {ship(forward(), "REBALANCE"), "D20", "See which records take longer"},
		"one to one, sent alike": {forward().of("Source: in", 1, load{0.2, 0, 900}), "D20", "Rebalance before the operator"},
	} {
		t.Run(name, func(t *testing.T) {
			wall := graph(t, "TASK;SOURCE;com/shop/In.pollNext 160", "TASK;MAP;com/shop/Work.map 160", "TASK;IDLE 900")
			r := diagnoseOK(t, Input{Context: test.job.Context, Captures: []Capture{capture("tm-1", events.ModeWall, wall)}})
			checkForm(t, r)
			for _, id := range []string{"D20", "D30"} {
				switch f := ruleOf(r.Analysis, id); {
				case (f != nil) != (id == test.rule):
					t.Errorf("fired %v: %s", fired(r), r.Analysis.Verdict.Headline)
				case f != nil && (!strings.HasPrefix(f.Recommendation.Change, test.first) || !f.OnPath):
					t.Errorf("%s: %s", id, f.Recommendation.Change)
				}
			}
		})
	}
}
