package diagnose

import (
	"fmt"
	"math"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// checkRates compares how many samples of WALL the task threads of each JVM gave with the clock.
func (c *checked) checkRates(r *reading) {
	for _, s := range r.family(mechanisms.FamilyWall) {
		expected := s.Seconds * samplesPerSecond
		subtasks, alone := r.subtasksOn(s.JVM)
		if subtasks > 0 && !alone {
			c.miss("%s also runs other jobs; frames of classes that they share with this one cannot be told apart.", s.JVM)
		}
		switch {
		case s.Task == 0:
		case subtasks > 0 && alone:
			if expected > 0 {
				c.checkRoots(r, s, subtasks, float64(s.Task)/(expected*float64(subtasks)))
			}
		case expected > 0:
			c.checkThreads(s, expected)
		default:
			c.miss("The duration of the WALL capture of %s is unknown, so it gives shares and no thread equivalents.", s.JVM)
		}
	}
	for _, s := range r.family(mechanisms.FamilyWall) {
		c.legacySources(s)
		c.splitWall(s)
	}
}

// rootsWithin is how far the samples of task threads may be from what the clock promises, as a share.
const rootsWithin = 0.15

// checkThreads says how many task threads the samples of a JVM show, of which no counters tell.
func (c *checked) checkThreads(s *jvmScan, expected float64) {
	threads := math.Round(float64(s.Task) / expected)
	c.add(factCheck, events.Fact{
		Text:  fmt.Sprintf("The samples of %s show about %s in %.0f s.", s.JVM, wording.Plural(int(threads), "task thread"), s.Seconds),
		Value: threads, Unit: "count", JVM: s.JVM, Mode: s.Mode, Samples: samples(s.Task),
		Count: s.counted(events.Count{Root: events.RootTask, Idle: events.IdleAny}, s.Task),
	})
	if threads >= 1 && math.Abs(float64(s.Task)/(expected*threads)-1) > rootsWithin {
		c.doubts.rootsOff = true
	}
}

// checkRoots compares the samples of task threads with those that the clock promises.
func (c *checked) checkRoots(r *reading, s *jvmScan, subtasks int, ratio float64) {
	off := ratio > 1+rootsWithin || ratio < (1-rootsWithin)*(1-r.collecting(s.JVM)) // no stack can be read while the collector works
	c.doubts.rootsOff = c.doubts.rootsOff || off
	c.add(factCheck, events.Fact{
		Text: fmt.Sprintf("%s of %s gave %s samples in %.0f s, %s of what the clock promises.",
			wording.Plural(subtasks, "task thread"), s.JVM, wording.Count(s.Task), s.Seconds, wording.Percent(ratio)),
		Value: ratio, Unit: "share", JVM: s.JVM, Mode: s.Mode, Samples: samples(s.Task),
		Count: s.counted(events.Count{Root: events.RootTask, Idle: events.IdleAny}, s.Task),
	})
	if off {
		c.note(s, "task threads were sampled %s as often as expected", wording.Percent(ratio))
	}
}

// splitWall says what the task threads of a TaskManager did: nothing, wait below an operator, or be ready to run. Idle
// and softly backpressured tasks look alike in a profile.
func (c *checked) splitWall(s *jvmScan) {
	all := s.Task + s.SourceRoots
	if all == 0 {
		return
	}
	parts := [...]struct {
		what string
		n    uint64
		c    events.Count
	}{
		{"idle or softly backpressured", all - min(all, s.TaskActive), events.Count{Idle: events.IdleOnly}},
		{"waiting", s.TaskWaiting, events.Count{State: events.StateWaiting}},
		{"ready to run", s.TaskActive - s.TaskWaiting, events.Count{State: events.StateRunning}},
	}
	for _, part := range parts {
		if part.n == 0 {
			continue
		}
		x := share(part.n, all)
		part.c.Root = events.RootTasks
		text := fmt.Sprintf("The task threads of %s were %s for %s of the time", s.JVM, part.what, wording.Percent(x))
		if n := s.te(part.n); n > 0 {
			text += ", " + wording.TE(n)
		}
		c.add(factCheck, events.Fact{
			Text: text + ".", Value: x, Unit: "share", JVM: s.JVM, Mode: s.Mode, Samples: samples(part.n), StdErr: standardError(x, float64(all)),
			Count: partOf(s.counted(part.c, part.n), s.counted(events.Count{Root: events.RootTasks, Idle: events.IdleAny}, all)),
		})
	}
}

// legacySources counts the second threads of subtasks with a legacy source. Such a subtask works in that thread while
// its own waits, so that the samples of both kinds of roots are whole threads.
func (c *checked) legacySources(s *jvmScan) {
	if threads := s.te(s.SourceRoots); threads > 0 {
		c.add(factCheck, events.Fact{
			Text:  fmt.Sprintf("Legacy sources of %s run in threads of their own beside the task threads: %s.", s.JVM, wording.TE(threads)),
			Value: threads, Unit: "te", JVM: s.JVM, Mode: s.Mode, Samples: samples(s.SourceRoots),
			Count: ratedIn(s, events.Count{Root: events.RootSource, Idle: events.IdleAny}, s.SourceRoots, false),
		})
	}
}
