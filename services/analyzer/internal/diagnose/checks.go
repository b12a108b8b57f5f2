package diagnose

import (
	"fmt"
	"math"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// doubts is what the checks of the data itself say. Each true costs confidence.
type doubts struct {
	rootsOff     bool // task threads were not sampled as often as they should be
	undersampled bool // ITIMER saw less CPU time than the JVM used
	disagree     bool // ITIMER and WALL see different work
	unresolved   bool // too many frames without a name
	cold         bool // the JIT compiler was still at work, or the throughput was not even
	compiling    bool // the JIT compiler was still at work
}

// checked is what the data says of its own quality.
type checked struct {
	doubts  doubts
	facts   []fact
	notes   []note
	missing []string
}

// note is a remark beside a capture.
type note struct {
	jvm  string
	mode events.Mode
	text string
}

// jitCode is the name of the category of the JIT compiler.
const jitCode = "JIT compilation"

// check looks for reasons to doubt the samples.
func check(a *attribution, limit events.Limit) checked {
	var c checked
	r := a.reading
	c.checkBusy(a)
	c.checkRates(r)
	for _, s := range r.family(mechanisms.FamilyCPU) {
		c.checkSampling(s)
		c.checkJIT(r, s)
	}
	c.checkSeen(a)
	c.checkNames(r)
	c.checkAgreement(r)
	switch limit {
	case events.LimitUnknown, events.LimitRestarting, events.LimitStarting: // there is no pace, or nobody knows it
	default:
		c.checkPace(r)
	}
	return c
}

func (c *checked) add(kind string, f events.Fact) { c.facts = append(c.facts, fact{kind, f}) }

func (c *checked) miss(format string, args ...any) {
	c.missing = append(c.missing, fmt.Sprintf(format, args...))
}

func (c *checked) note(s *jvmScan, format string, args ...any) {
	c.notes = append(c.notes, note{s.JVM, s.Mode, fmt.Sprintf(format, args...)})
}

// mostlyUnseen is the share of the busy time without a profile from which on the rest may not be like it.
const mostlyUnseen = 0.5

// checkSeen says which part of the job's busy time ran on TaskManagers that were not profiled.
func (c *checked) checkSeen(a *attribution) {
	all := make([]int, len(a.loads))
	for i := range all {
		all[i] = i
	}
	of := a.unseenShare(all)
	if of == 0 || len(a.weighed()) == 0 {
		return
	}
	c.add(factCheck, events.Fact{
		Text:  fmt.Sprintf("%s of the job's busy time was spent on TaskManagers that were not profiled; no sample is of it.", wording.Percent(of)),
		Value: of, Unit: "share",
	})
}

// checkNames looks for captures in which too many frames have no name.
func (c *checked) checkNames(r *reading) {
	for _, m := range r.modes {
		for _, s := range m.scans {
			if unnamed(r, s) {
				c.doubts.unresolved = true
				c.facts = append(c.facts, unnamedFact(r, s))
				c.note(s, "many frames without a name")
			}
		}
	}
}

// checkPace compares the throughput of the last windows: a job that has warmed up keeps its pace.
func (c *checked) checkPace(r *reading) {
	pace, ok := limits.PaceOf(r.ctx)
	if !ok {
		if pace.Windows == 0 {
			c.miss("Several readings of the job's counters: they would show whether its throughput was steady.")
		}
		return
	}
	steady := "steady"
	if pace.Spread > limits.SteadyWithin {
		steady = "not steady"
		c.doubts.cold = true
	}
	c.add(factCheck, events.Fact{
		Text: fmt.Sprintf("The throughput of the job was %s: its vertices read %s records/s, within %s over the last %s.", steady,
			wording.Rate(pace.Records), wording.Percent(pace.Spread), wording.Plural(pace.Windows, "window")),
		Value: pace.Spread, Unit: "share",
	})
}

// checkSampling compares the samples of a CPU profile with the CPU time that the JVM used.
func (c *checked) checkSampling(s *jvmScan) {
	const perCore = 100 // samples per second
	if s.cores <= 0 && s.Seconds > 0 && s.Mode == events.ModeITimer {
		c.add(factCheck, events.Fact{
			Text:  fmt.Sprintf("The samples of %s show that the JVM used at least %.2f cores.", s.JVM, float64(s.Total)/(perCore*s.Seconds)),
			Value: float64(s.Total) / (perCore * s.Seconds), Unit: "cores", JVM: s.JVM, Mode: s.Mode, Samples: samples(s.Total),
			Count: s.counted(events.Count{Idle: events.IdleAny}, s.Total),
		})
	}
	if s.cores <= 0 || s.Seconds <= 0 || (s.Mode == events.ModeCPU && s.raw.Title == wallTitle) {
		return // by the wall clock there is no number to expect
	}
	c.add(factMetric, events.Fact{
		Text:  fmt.Sprintf("%s used %.2f cores during the %s capture.", s.JVM, s.cores, s.Mode),
		Value: s.cores, Unit: "cores", JVM: s.JVM, Mode: s.Mode,
	})
	ratio := float64(s.Total) / (s.cores * perCore * s.Seconds)
	c.add(factCheck, events.Fact{
		Text: fmt.Sprintf("The %s capture of %s has %s samples, %s of what its CPU time promises.",
			s.Mode, s.JVM, wording.Count(s.Total), wording.Percent(ratio)),
		Value: ratio, Unit: "share", JVM: s.JVM, Mode: s.Mode, Samples: samples(s.Total),
		Count: s.counted(events.Count{Idle: events.IdleAny}, s.Total),
	})
	if ratio < 0.70 {
		c.doubts.undersampled = true
		c.note(s, "undersampled")
	}
}

func (c *checked) checkJIT(r *reading, s *jvmScan) {
	jit := s.Categories[r.categoryIndex(jitCode)]
	if s.Active() < 100 || share(jit, s.Active()) < 0.05 {
		return
	}
	c.doubts.cold, c.doubts.compiling = true, true
	c.add(factCheck, events.Fact{
		Text: fmt.Sprintf("The JIT compiler took %s of the CPU of %s: the job was still warming up.",
			wording.Percent(share(jit, s.Active())), s.JVM),
		Value: share(jit, s.Active()), Unit: "share", JVM: s.JVM, Mode: s.Mode, Samples: samples(jit),
		Count:  partOf(s.counted(events.Count{Category: jitCode}, jit), s.counted(events.Count{}, s.Active())),
		StdErr: standardError(share(jit, s.Active()), float64(s.Active())),
	})
	c.note(s, "cold: the JIT compiler was still at work")
}

// checkAgreement compares, function by function, the running task samples of WALL with those of the CPU profile.
func (c *checked) checkAgreement(r *reading) {
	wall, wallTotal := map[string]uint64{}, uint64(0)
	for _, s := range r.family(mechanisms.FamilyWall) {
		wallTotal += s.TaskActive - s.TaskWaiting
		for _, chain := range s.Chains {
			wall[s.chainName(chain)] += chain.Active - chain.Waits
		}
	}
	cpu, cpuTotal := map[string]uint64{}, uint64(0)
	for _, s := range r.family(mechanisms.FamilyCPU) {
		cpuTotal += s.TaskActive - s.TaskResting
		for _, chain := range s.Chains {
			cpu[s.chainName(chain)] += chain.Active
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
	c.doubts.disagree = true
	c.add(factCheck, events.Fact{
		Text: fmt.Sprintf("WALL and the CPU profile disagree: %s is %s of the running task samples of one and %s of the other.",
			wording.Simple(at), wording.Percent(share(wall[at], wallTotal)), wording.Percent(share(cpu[at], cpuTotal))),
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
