package finding

import (
	"encoding/json"
	"slices"

	"squirrly.dev/pkg/events"
)

const (
	mostFindings = 120       // of one job; those that nobody has seen for longest are forgotten
	fewFindings  = 30        // fit, whatever their names are
	mostTold     = 64        // runs with changes
	mostFailures = 16        // runs that failed
	mostSteps    = 200       // of all of them
	mostBytes    = 512 << 10 // of the findings as they are stored
)

// prune keeps what is remembered of a job within what a bucket takes.
func (j *Job) prune() {
	j.forget(mostFindings)
	for len(j.Findings) > fewFindings {
		size := j.bytes()
		if size <= mostBytes {
			break
		}
		j.forget(len(j.Findings) * mostBytes / size)
	}
	steps := 0
	for i, told := range slices.Backward(j.Told) {
		steps += len(told.Steps)
		if kept := len(j.Told) - i; kept > 1 && (kept > mostTold || steps > mostSteps) {
			j.Told = j.Told[i+1:]
			break
		}
	}
}

// forget keeps some findings: those that are not resolved, and of these the ones that were seen last.
func (j *Job) forget(keep int) {
	over := len(j.Findings) - max(keep, 1)
	if over <= 0 {
		return
	}
	slices.SortStableFunc(j.Findings, func(a, b *Life) int {
		if gone, also := a.State == events.LifeStateResolved, b.State == events.LifeStateResolved; gone != also {
			if gone {
				return -1
			}
			return 1
		}
		return a.SeenAt.Compare(b.SeenAt)
	})
	j.Findings = j.Findings[over:]
}

// bytes is how much the findings take as they are stored.
func (j *Job) bytes() int {
	b, err := json.Marshal(j.Findings)
	if err != nil {
		return 0 // whoever stores it says so
	}
	return len(b)
}
