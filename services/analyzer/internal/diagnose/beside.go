package diagnose

import (
	"fmt"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// besideOf is what threads beside the tasks take that no frame says a problem's mechanism to be the cause of, and that it is
// known to cause: the threads that are woken for it. It counts as a part of the problem, at the price of confidence, and the texts keep the two apart.
func (v *View) besideOf(g *group) fact {
	m := v.modeScansOf(mechanisms.FamilyCPU)
	if len(g.rule.Beside) == 0 || m == nil {
		return fact{}
	}
	c := events.Count{Root: events.RootOther, Match: g.rule.Beside, Without: g.rule.Frames}
	sums, active := tallyAll(m, []events.Count{c})
	part := share(sums[0], active)
	if sums[0] < minSamples || part < minIdleWorkers {
		return fact{}
	}
	return fact{factFrame, events.Fact{
		Text: fmt.Sprintf("Threads of pools that are woken for each piece of work, and that wake tasks, take %s of the %s (%s); no frame says for whom.",
			wording.Percent(part), m.samples(), wording.Count(sums[0])),
		Value: part, Unit: "share", Mode: m.mode, Samples: samples(sums[0]), StdErr: m.errorOf(part, float64(active)),
		Count: partOf(m.counted(c, sums[0]), m.counted(events.Count{}, active)),
	}}
}

// besideText says what other threads take for a problem, and what that makes together at most.
func (p *Problem) besideText() string {
	if p.beside.Text == "" {
		return ""
	}
	return fmt.Sprintf("together with the threads that it hands over to at most %s of the CPU", wording.Percent(min(1, p.Share+p.beside.Value)))
}
