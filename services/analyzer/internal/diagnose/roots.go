package diagnose

import (
	"fmt"
	"math"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/rules"
)

// rates finds out how many samples of WALL a thread gets in each JVM, and checks that against the clock.
func (d *diagnosis) rates() {
	for _, s := range d.family(rules.FamilyWall) {
		expected := s.Seconds * samplesPerSecond
		subtasks, alone := d.subtasksOn(s.JVM)
		if subtasks > 0 && !alone {
			d.miss("%s also runs other jobs; frames of classes that they share with this one cannot be told apart.", s.JVM)
		}
		switch {
		case s.Task == 0:
			continue
		case subtasks > 0 && alone:
			s.perThread = float64(s.Task) / float64(subtasks)
		case expected > 0:
			threads := math.Round(float64(s.Task) / expected)
			s.perThread = expected
			if threads >= 1 {
				s.perThread = float64(s.Task) / threads
			}
			d.facts.add(factCheck, events.Fact{
				Text:  fmt.Sprintf("The samples of %s show about %s in %.0f s.", s.JVM, plural(int(threads), "task thread"), s.Seconds),
				Value: threads, Unit: "count", JVM: s.JVM, Mode: s.Mode, Samples: samples(s.Task),
			})
			d.trust.rootsOff = d.trust.rootsOff || threads >= 1 && math.Abs(float64(s.Task)/(expected*threads)-1) > rootsWithin
			continue
		default:
			d.miss("The duration of the WALL capture of %s is unknown, so it gives shares and no thread equivalents.", s.JVM)
			continue
		}
		if expected > 0 {
			d.checkRoots(s, subtasks, float64(s.Task)/(expected*float64(subtasks)))
		}
	}
	for _, s := range d.family(rules.FamilyWall) {
		d.legacySources(s)
		d.splitWall(s)
	}
}

// splitWall says what the task threads of a TaskManager did: nothing, wait below an operator, or be ready to run. Idle
// and softly back-pressured tasks look alike in a profile.
func (d *diagnosis) splitWall(s *jvmScan) {
	all := s.Task + s.SourceRoots
	if all == 0 {
		return
	}
	parts := [...]struct {
		what string
		n    uint64
	}{
		{"idle or softly back-pressured", all - min(all, s.TaskActive)}, {"waiting", s.TaskWaiting}, {"ready to run", s.TaskActive - s.TaskWaiting},
	}
	for _, part := range parts {
		if part.n == 0 {
			continue
		}
		x := share(part.n, all)
		text := fmt.Sprintf("The task threads of %s were %s for %s of the time", s.JVM, part.what, percent(x))
		if n := s.te(part.n); n > 0 {
			text += ", " + te(n)
		}
		d.facts.add(factCheck, events.Fact{
			Text: text + ".", Value: x, Unit: "share", JVM: s.JVM, Mode: s.Mode, Samples: samples(part.n), StdErr: standardError(x, float64(all)),
		})
	}
}

// legacySources counts the second threads of subtasks with a legacy source. Such a subtask works in that thread while
// its own waits, so that the samples of both kinds of roots are whole threads.
func (d *diagnosis) legacySources(s *jvmScan) {
	if threads := s.te(s.SourceRoots); threads > 0 {
		d.facts.add(factCheck, events.Fact{
			Text:  fmt.Sprintf("Legacy sources of %s run in threads of their own beside the task threads: %s.", s.JVM, te(threads)),
			Value: threads, Unit: "te", JVM: s.JVM, Mode: s.Mode, Samples: samples(s.SourceRoots),
		})
	}
}

// rootsWithin is how far the samples of task threads may be from what the clock promises, as a share.
const rootsWithin = 0.15

// checkRoots compares the samples of task threads with those that the clock promises.
func (d *diagnosis) checkRoots(s *jvmScan, subtasks int, ratio float64) {
	off := ratio > 1+rootsWithin || ratio < (1-rootsWithin)*(1-d.collecting(s.JVM)) // no stack can be read while the collector works
	d.trust.rootsOff = d.trust.rootsOff || off
	d.facts.add(factCheck, events.Fact{
		Text: fmt.Sprintf("%s of %s gave %s samples in %.0f s, %s of what the clock promises.",
			plural(subtasks, "task thread"), s.JVM, number(s.Task), s.Seconds, percent(ratio)),
		Value: ratio, Unit: "share", JVM: s.JVM, Mode: s.Mode, Samples: samples(s.Task),
	})
	if off {
		d.note(s, "task threads were sampled %s as often as expected", percent(ratio))
	}
}

// subtasksOn returns how many subtasks of the job run on a TaskManager, and whether no other job does.
func (d *diagnosis) subtasksOn(jvm string) (running int, alone bool) {
	for i := range d.loads {
		for _, s := range d.loads[i].Subtasks {
			if s.Running && s.TaskManager == jvm {
				running++
			}
		}
	}
	if d.ctx == nil {
		return 0, false
	}
	for _, tm := range d.ctx.TaskManagers {
		if tm.ID == jvm && tm.OtherJobs > 0 {
			return running, false
		}
	}
	return running, true
}
