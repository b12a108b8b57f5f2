package diagnose

import (
	"fmt"
	"slices"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// wakes is where the thread of a pool that ran something asynchronously wakes the task that waits for it. A rate limiter does
// that for each record, and no frame says that it was one.
const wakes = "java.util.concurrent.CompletableFuture$AsyncRun.run > org.apache.flink.streaming.runtime.io.MultipleFuturesAvailabilityHelper.notifyCompletion"

const minIdleWorkers = 0.05 // share of the CPU samples: going to sleep and waking up costs less as a rule

// idleWorkers says what the workers of thread pools cost that go to sleep and are woken for every small piece of work. No
// frame names the owner of such a pool.
func idleWorkers(v *View) []Problem {
	var out []Problem
	for _, s := range v.family(mechanisms.FamilyCPU) {
		works := events.Count{Root: events.RootOther, Match: []string{wakes}}
		for _, idle := range v.catalogue.Idle {
			if idle.Pool {
				works.Match = append(works.Match, idle.Frames...)
			}
		}
		sums, _ := tallyAll(&modeScans{mode: s.Mode, scans: []*jvmScan{s}}, []events.Count{works})
		n := sums[0]
		part := share(n, s.Total)
		if n < minSamples || part < minIdleWorkers {
			continue
		}
		cost := fact{factCheck, events.Fact{
			Text: fmt.Sprintf("Idle workers of thread pools, and those that wake a task, take %s of the %s samples of %s (%s).", wording.Percent(part), s.Mode, s.JVM,
				wording.Count(n)),
			Value: part, Unit: "share", JVM: s.JVM, Mode: s.Mode, Samples: samples(n), StdErr: standardError(part, float64(s.Total)),
			Count: partOf(s.counted(works, n), s.counted(events.Count{Idle: events.IdleAny}, s.Total)),
		}}
		if v.toldBeside() {
			out = append(out, remark("", cost))
			continue
		}
		out = append(out, remark(fmt.Sprintf("Idle workers of thread pools, owner unknown, take %s of the CPU of %s: "+
			"they go to sleep, are woken for every small piece of work, and wake tasks.", wording.Percent(part), s.JVM), cost))
	}
	return out
}

// toldBeside reports that a finding tells of these threads already.
func (v *View) toldBeside() bool {
	return slices.ContainsFunc(v.groups, func(g *group) bool { return v.besideOf(g).Text != "" && v.weigh(g).Severity != events.SeverityNone })
}
