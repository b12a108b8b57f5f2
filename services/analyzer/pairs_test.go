package analyzer_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// simulated is a job whose second vertex takes some time for each record, as two subtasks of one machine see it.
type simulated struct {
	name    string
	seconds float64 // that the vertex is busy for each record
	cpu     float64 // share of that time on a CPU; the rest it waits
	stack   string  // below the function
}

var simulations = []simulated{
	{"sleeps", 0.0011, 0.05, ";java/lang/Thread.sleep"},
	{"computes", 0.0009, 0.95, ";java/util/regex/Pattern.compile"},
	{"calls", 0.0052, 0.10, ";java/util/concurrent/CompletableFuture.get;jdk/internal/misc/Unsafe.park"},
	{"light", 0.0001, 0.90, ""},
}

const (
	load10      = 10    // seconds between two readings
	readingsOf  = 6     // of each run, but the first
	machine     = 0.06  // standard deviation of the time for each record from run to run
	scatter     = 0.03  // likewise from reading to reading
	fixedCores  = 0.08  // that an idle JVM takes
	fixedBusy   = 0.004 // of an idle vertex
	wallSamples = 20    // of each thread in a second
	watcher     = "start_thread;thread_native_entry;WatcherThread::run"
)

// profile is a run of the job while rate records a second come in.
func (s simulated) profile(t *testing.T, rate float64, rng *rand.Rand) events.Analysis {
	t.Helper()
	each := s.seconds * (1 + machine*rng.NormFloat64())
	c := (&job{stacks: map[events.Mode]string{}, records: 1}).context()
	c.Windows = []jobcontext.Window{{Mode: "ITIMER", Seconds: 30}, {Mode: "WALL", Seconds: 30}}
	var busyMillis, records, held int64
	cpu, busyShare := 0.0, 0.0
	for i := range readingsOf + 1 {
		now := int64(i) * load10 * 1000
		sample := sampleOf(now, busyMillis, records, held, cpu)
		if i <= readingsOf/2 {
			c.Windows[0].Samples = append(c.Windows[0].Samples, sample)
		}
		if i >= readingsOf/2 {
			c.Windows[1].Samples = append(c.Windows[1].Samples, sample)
		}
		need := each * (1 + scatter*rng.NormFloat64())
		busy := min(1, rate*need+fixedBusy)
		if busy == 1 {
			held += load10 * 950
		}
		busyShare += busy / readingsOf
		busyMillis += int64(busy * load10 * 1000)
		records += int64(min(rate, (1-fixedBusy)/need) * load10)
		cpu += (busy*s.cpu + fixedCores) * load10
	}
	j := job{stacks: s.stacks(busyShare, rng)}
	return analysisOf(t, j, c)
}

func sampleOf(now, busy, records, held int64, cpu float64) jobcontext.Sample {
	return jobcontext.Sample{
		AtMillis: now,
		Subtasks: []jobcontext.Counters{
			{Vertex: "source", BusyMillis: now / 100, BackPressuredMillis: held, IdleMillis: now - held - now/100, WriteRecords: records},
			{Vertex: "enrich", BusyMillis: busy, IdleMillis: now - busy, ReadRecords: records, WriteRecords: records},
			{Vertex: "sink", BusyMillis: now / 200, IdleMillis: now - now/200, ReadRecords: records},
		},
		TaskManagers: []jobcontext.JVMCounter{{ID: "tm-1", CPUNanos: int64(cpu * 1e9), HeapUsed: 1 << 30, Threads: 60}},
	}
}

func (s simulated) stacks(busy float64, rng *rand.Rand) map[events.Mode]string {
	noisy := func(n float64) int { return max(1, int(n*(1+0.05*rng.NormFloat64()))) }
	wall := busy * seconds * wallSamples
	on := busy * s.cpu * seconds * 100
	itimer := stacks(enrich+s.stack, noisy(on*0.8), enrich, noisy(on*0.2), watcher, noisy(fixedCores*seconds*100))
	if s.cpu < 0.5 { // what waits is on no CPU
		itimer = stacks(enrich, noisy(on), watcher, noisy(fixedCores*seconds*100))
	}
	return map[events.Mode]string{
		events.ModeWall:   stacks(enrich+s.stack, noisy(wall*0.9), enrich, noisy(wall*0.1), idle, noisy((3-busy)*seconds*wallSamples)),
		events.ModeITimer: itimer,
	}
}

// Twenty pairs of the same job under a load that changes by half, as often as there is patience: none is faster or slower,
// and at most three of twenty cannot be told.
func TestCompare_SameJobUnderChangingLoad(t *testing.T) {
	const pairs, rounds = 20, 3
	for round := range rounds {
		count := map[events.Speed]int{}
		for i := range pairs {
			rng := rand.New(rand.NewPCG(uint64(round), uint64(i)))
			s := simulations[i%len(simulations)]
			rate := 0.4 / s.seconds * (1 + 2*rng.Float64()) // from two fifths of what it can do to more than that
			before := s.profile(t, rate, rng)
			after := s.profile(t, rate*(0.5+rng.Float64()), rng)
			c := analyzer.Compare(before, after)
			count[c.Speed]++
			if c.Speed != events.SpeedSame || c.Fixed {
				t.Logf("round %d, %s: %s: %s", round, s.name, c.Speed, c.Summary)
			}
			if c.Speed == events.SpeedFaster || c.Speed == events.SpeedSlower || c.Fixed {
				t.Errorf("round %d, %s is %s: %s", round, s.name, c.Speed, c.Summary)
			}
		}
		t.Log(count)
		if count[events.SpeedUnknown] > 3 {
			t.Errorf("round %d: %d of %d cannot be told", round, count[events.SpeedUnknown], pairs)
		}
	}
}

// With the same margins each fix is seen, and its undoing, whatever the load is meanwhile.
func TestCompare_FixUnderChangingLoad(t *testing.T) {
	for i := range 12 {
		rng := rand.New(rand.NewPCG(7, uint64(i)))
		bad := simulations[i%3]
		good := simulated{"fixed", bad.seconds / 4, 0.95, ""} // with more CPU than the one that waited
		rate := 1.3 / bad.seconds
		before, after := bad.profile(t, rate, rng), good.profile(t, rate*(0.8+0.7*rng.Float64()), rng)
		if c := analyzer.Compare(before, after); c.Speed != events.SpeedFaster || !c.Fixed {
			t.Errorf("%s: %s: %s\n%+v", bad.name, c.Speed, c.Summary, fmt.Sprint(c.Changes))
		}
		if c := analyzer.Compare(after, before); c.Speed != events.SpeedSlower || c.Fixed {
			t.Errorf("back, %s: %s: %s", bad.name, c.Speed, c.Summary)
		}
	}
}
