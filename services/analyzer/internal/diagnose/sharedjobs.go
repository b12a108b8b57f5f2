package diagnose

import (
	"fmt"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/operators"
)

// sharedJobs says how the work of a TaskManager that several jobs share splits between them.
func sharedJobs(v *View) []Problem {
	family := mechanisms.FamilyWall
	if len(v.family(family)) == 0 {
		family = mechanisms.FamilyCPU
	}
	var out []Problem
	for _, s := range v.family(family) {
		if !v.shared(s.JVM) || s.TaskActive == 0 {
			continue
		}
		this, other := v.ownParts(s)
		rest := max(0, 1-this-other)
		split := fact{factCheck, events.Fact{
			Text: fmt.Sprintf("%s runs other jobs too: %s of its active task samples are this job's, %s are other jobs', %s unattributed.",
				s.JVM, wording.Percent(this), wording.Percent(other), wording.Percent(rest)),
			Value: rest, Unit: "share", JVM: s.JVM, Mode: s.Mode, Samples: samples(s.TaskActive),
			StdErr: standardError(rest, float64(s.TaskActive)),
			Count:  s.counted(events.Count{Root: events.RootTasks}, s.TaskActive),
		}}
		text := ""
		if rest > 0 {
			text = fmt.Sprintf("Of the active task samples of %s, unattributed: %s. Neither frames nor thread dumps nor counters tell to which job they belong.",
				s.JVM, wording.Percent(rest))
		}
		out = append(out, remark(text, split))
	}
	return out
}

// ownParts returns which shares of the active task samples of a capture are this job's and other jobs'.
func (a *attribution) ownParts(s *jvmScan) (this, other float64) {
	if !a.shared(s.JVM) || s.TaskActive == 0 {
		return 1, 0
	}
	var of [operators.OwnerUnknown + 1]uint64
	for _, part := range a.where.Parts(a.captures[s]) {
		of[part.Place.Owner()] += part.Samples
	}
	return share(of[operators.OwnerThis], s.TaskActive), share(of[operators.OwnerOther], s.TaskActive)
}

// littleOfJVM is the share of a TaskManager's task samples below which what the JVM does outside of its tasks is no
// finding for a job: it does that for the others.
const littleOfJVM = 0.1

// forOthers reports that a TaskManager works for other jobs nearly all of its time.
func (a *attribution) forOthers(s *jvmScan) bool {
	this, other := a.ownParts(s)
	return this < littleOfJVM && other > this
}
