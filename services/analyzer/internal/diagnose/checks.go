package diagnose

import (
	"fmt"
	"math"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/rules"
)

// trust is what the checks of the data itself say. Each true costs confidence.
type trust struct {
	rootsOff     bool // task threads were not sampled as often as they should be
	undersampled bool // ITIMER saw less CPU time than the JVM used
	disagree     bool // ITIMER and WALL see different work
	unresolved   bool // too many frames without a name
	cold         bool // the JIT compiler was still at work, or the throughput was not even
	compiling    bool // the JIT compiler was still at work
}

// check looks for reasons to doubt the samples.
func (d *diagnosis) check() {
	for _, s := range d.family(rules.FamilyCPU) {
		d.checkSampling(s)
		d.checkJIT(s)
	}
	for _, m := range d.modes {
		for _, s := range m.scans {
			if s.Active() >= 100 && share(s.Unresolved, s.Active()) > d.catalogue.Rule("E7").Warning {
				d.trust.unresolved = true
				d.unnamed = d.facts.add(factCheck, events.Fact{
					Text:  fmt.Sprintf("%s of the active %s samples of %s have no name.", percent(share(s.Unresolved, s.Active())), s.Mode, s.JVM),
					Value: share(s.Unresolved, s.Active()), Unit: "share", JVM: s.JVM, Mode: s.Mode, Samples: samples(s.Unresolved),
					StdErr: standardError(share(s.Unresolved, s.Active()), float64(s.Active())),
				})
				d.note(s, "many frames without a name")
			}
		}
	}
	d.checkAgreement()
	d.checkPace()
}

// checkPace compares the throughput of the last windows: a job that has warmed up keeps its pace.
func (d *diagnosis) checkPace() {
	if d.ctx == nil || d.judged.Limit == events.LimitUnknown {
		return
	}
	pace, ok := limits.PaceOf(d.ctx)
	if !ok {
		if pace.Windows == 0 {
			d.miss("Several readings of the job's counters: they would show whether its throughput was steady.")
		}
		return
	}
	steady := "steady"
	if pace.Spread > limits.SteadyWithin {
		steady = "not steady"
		d.trust.cold = true
	}
	d.facts.add(factCheck, events.Fact{
		Text: fmt.Sprintf("The throughput of the job was %s: its vertices read %s records/s, within %s over the last %s.", steady,
			number(int64(pace.Records)), percent(pace.Spread), plural(pace.Windows, "window")),
		Value: pace.Spread, Unit: "share",
	})
}

// checkSampling compares the samples of a CPU profile with the CPU time that the JVM used.
func (d *diagnosis) checkSampling(s *jvmScan) {
	const perCore = 100 // samples per second
	if s.cores <= 0 && s.Seconds > 0 && s.Mode == events.ModeITimer {
		d.facts.add(factCheck, events.Fact{
			Text:  fmt.Sprintf("The samples of %s show that the JVM used at least %.2f cores.", s.JVM, float64(s.Total)/(perCore*s.Seconds)),
			Value: float64(s.Total) / (perCore * s.Seconds), Unit: "cores", JVM: s.JVM, Mode: s.Mode, Samples: samples(s.Total),
		})
	}
	if s.cores <= 0 || s.Seconds <= 0 || (s.Mode == events.ModeCPU && s.raw.Title == wallTitle) {
		return // by the wall clock there is no number to expect
	}
	d.facts.add(factMetric, events.Fact{
		Text:  fmt.Sprintf("%s used %.2f cores during the %s capture.", s.JVM, s.cores, s.Mode),
		Value: s.cores, Unit: "cores", JVM: s.JVM, Mode: s.Mode,
	})
	ratio := float64(s.Total) / (s.cores * perCore * s.Seconds)
	d.facts.add(factCheck, events.Fact{
		Text: fmt.Sprintf("The %s capture of %s has %s samples, %s of what its CPU time promises.",
			s.Mode, s.JVM, number(s.Total), percent(ratio)),
		Value: ratio, Unit: "share", JVM: s.JVM, Mode: s.Mode, Samples: samples(s.Total),
	})
	if ratio < 0.70 {
		d.trust.undersampled = true
		d.note(s, "undersampled")
	}
}

func (d *diagnosis) checkJIT(s *jvmScan) {
	jit := s.Categories[d.categoryIndex("JIT compilation")]
	if s.Active() < 100 || share(jit, s.Active()) < 0.05 {
		return
	}
	d.trust.cold, d.trust.compiling = true, true
	d.facts.add(factCheck, events.Fact{
		Text: fmt.Sprintf("The JIT compiler took %s of the CPU samples of %s: the job was still warming up.",
			percent(share(jit, s.Active())), s.JVM),
		Value: share(jit, s.Active()), Unit: "share", JVM: s.JVM, Mode: s.Mode, Samples: samples(jit),
		StdErr: standardError(share(jit, s.Active()), float64(s.Active())),
	})
	d.note(s, "cold: the JIT compiler was still at work")
}

// checkAgreement compares, function by function, the running task samples of WALL with those of the CPU profile.
func (d *diagnosis) checkAgreement() {
	wall, wallTotal := map[string]uint64{}, uint64(0)
	for _, s := range d.family(rules.FamilyWall) {
		wallTotal += s.TaskActive - s.TaskWaiting
		for _, c := range s.Chains {
			wall[s.chainName(c)] += c.Active - c.Waits
		}
	}
	cpu, cpuTotal := map[string]uint64{}, uint64(0)
	for _, s := range d.family(rules.FamilyCPU) {
		cpuTotal += s.TaskActive
		for _, c := range s.Chains {
			cpu[s.chainName(c)] += c.Active
		}
	}
	if wallTotal < 100 || cpuTotal < 100 {
		return
	}
	worst, at := 0.0, ""
	for name := range cpu {
		a, b := share(wall[name], wallTotal), share(cpu[name], cpuTotal)
		noise := 2 * math.Hypot(standardError(a, float64(wallTotal)), standardError(b, float64(cpuTotal)))
		if off := math.Abs(a-b) - noise; off > worst || (off == worst && name < at) {
			worst, at = off, name
		}
	}
	if worst <= 0.15 {
		return
	}
	d.trust.disagree = true
	d.facts.add(factCheck, events.Fact{
		Text: fmt.Sprintf("WALL and the CPU profile disagree: %s is %s of the running task samples of one and %s of the other.",
			simple(at), percent(share(wall[at], wallTotal)), percent(share(cpu[at], cpuTotal))),
		Value: worst, Unit: "share", Frame: at,
	})
}

func share(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func samples(n uint64) int64 { return int64(n) } //nolint:gosec // below 2^53
