package diagnose

import (
	"math"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// intervalMillis is how long it takes until a WALL profile looks at the same thread again.
const intervalMillis = 1000.0 / samplesPerSecond

// rate says what turns samples of a capture into thread equivalents or cores. The clock does that for threads that are no
// tasks, and the number of the tasks for those. ok is false when nothing does.
func (j *jvmScan) rate(n uint64, clock bool) (rate events.Rate, ok bool) {
	rate = events.Rate{JVM: j.JVM, Samples: samples(n)}
	if j.Family == mechanisms.FamilyCPU {
		rate.Cores = j.cores
		return rate, j.cores > 0 && j.Total > 0
	}
	if j.Family != mechanisms.FamilyWall || j.perThread <= 0 && j.Seconds <= 0 {
		return rate, false
	}
	rate.Seconds, rate.IntervalMillis = j.Seconds, intervalMillis
	if clock && j.Seconds > 0 {
		return rate, true
	}
	if threads := float64(j.Task) / j.perThread; math.Abs(threads-math.Round(threads)) < 1e-6 && threads >= 0.5 {
		rate.Threads = math.Round(threads)
	}
	return rate, rate.Threads > 0 || j.Seconds > 0
}

// value is what the samples make.
func (j *jvmScan) value(n uint64, clock bool) float64 {
	switch {
	case j.Family == mechanisms.FamilyCPU:
		return j.onCPU(n)
	case clock:
		return j.teOutside(n)
	}
	return j.te(n)
}

// rated completes a description with the samples of some captures of one mode and with what turns them into time; nil when
// that is unknown for one of them.
func rated(scans []*jvmScan, c events.Count, sums []uint64, clock bool) (count *events.Count, value float64) {
	if len(scans) == 0 {
		return nil, 0
	}
	var jvms []string
	all := uint64(0)
	for i, s := range scans {
		rate, ok := s.rate(sums[i], clock)
		if !ok || s.Mode != scans[0].Mode || s.unit() != "" {
			return nil, 0
		}
		jvms, all = append(jvms, s.JVM), all+sums[i]
		c.Rates = append(c.Rates, rate)
		value += s.value(sums[i], clock)
	}
	return counted(c, scans[0].Mode, all, jvms...), value
}

// ratedIn is rated for one description in one capture.
func ratedIn(s *jvmScan, c events.Count, n uint64, clock bool) *events.Count {
	count, _ := rated([]*jvmScan{s}, c, []uint64{n}, clock)
	return count
}
