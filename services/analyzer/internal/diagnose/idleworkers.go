package diagnose

import (
	"fmt"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/rules"
)

const minIdleWorkers = 0.05 // share of the CPU samples: going to sleep and waking up costs less as a rule

// idleWorkers says what the workers of thread pools cost that go to sleep and are woken for every small piece of work. No
// frame names the owner of such a pool.
func idleWorkers(v *View) []Problem {
	var out []Problem
	for _, s := range v.family(rules.FamilyCPU) {
		var n uint64
		for i, idle := range v.catalogue.Idle {
			if idle.Pool {
				n += s.IdleBy[i]
			}
		}
		part := share(n, s.Total)
		if n < minSamples || part < minIdleWorkers {
			continue
		}
		cost := fact{factCheck, events.Fact{
			Text: fmt.Sprintf("Idle workers of thread pools take %s of the %s samples of %s (%s).", wording.Percent(part), s.Mode, s.JVM,
				wording.Count(n)),
			Value: part, Unit: "share", JVM: s.JVM, Mode: s.Mode, Samples: samples(n), StdErr: standardError(part, float64(s.Total)),
		}}
		out = append(out, remark(fmt.Sprintf("Idle workers of thread pools, owner unknown, take %s of the CPU of %s: "+
			"they go to sleep and are woken for every small piece of work.", wording.Percent(part), s.JVM), cost))
	}
	return out
}
