package chain_test

import (
	"slices"
	"testing"
	"time"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/pkg/events"
)

// BenchmarkGaps measures what a run on a real Flink costs beside the profiles themselves, by rules alone: from the
// request to the start of the first profile, from the end of one profile to the start of the next, and from the end of
// the last one to the stored recommendation. Flink's own part, the end of a profile after its duration, is apart.
// All clocks are of one machine. It prints medians over b.N runs: use -benchtime 9x.
func BenchmarkGaps(b *testing.B) {
	s := newStack(b)
	c := startFlink(b, flinktest.Options{Profiling: true})
	runSample(b, c)
	client := newFlinkClient(b, c.URL)
	time.Sleep(warmUp)
	// Flink renews its metrics every ten seconds; a run shorter than that waits for it.
	const duration = 10 * time.Second
	gaps := map[string][]float64{}
	for b.Loop() {
		asked := time.Now()
		run := s.request(b, c.URL, duration.String())
		until(b, time.Minute, "the run is over", func() bool {
			rec, ok := s.record(run)
			return ok && rec.State.Terminal()
		})
		rec, _ := s.record(run)
		if rec.State != events.StateAnalyzed {
			b.Fatalf("run is %s: %+v", rec.State, rec.Outcome)
		}
		first, second := lastTwo(b, client)
		told := s.stored(b, rec.Plan.Identity.Subject(events.TypeRecommendationReady, run))
		add := func(name string, from, to time.Time) {
			gaps[name] = append(gaps[name], to.Sub(from).Seconds()*1000)
		}
		add("request→POST-ms", asked, at(first.TriggerTime))
		add("finished→POST-ms", at(first.FinishedTime), at(second.TriggerTime))
		add("finished→event-ms", at(second.FinishedTime), told)
		add("flink-late-ms", at(first.TriggerTime).Add(duration), at(first.FinishedTime))
	}
	sum := 0.0
	for name, values := range gaps {
		slices.Sort(values)
		median := values[len(values)/2]
		b.ReportMetric(median, name)
		if name != "flink-late-ms" {
			sum += median
		}
	}
	b.ReportMetric(sum, "ours-ms")
	b.ReportMetric(0, "ns/op")
}

func at(millis int64) time.Time { return time.UnixMilli(millis) }

// lastTwo are the two newest profiles, the older one first.
func lastTwo(b *testing.B, client *flink.Client) (first, second flink.Profile) {
	b.Helper()
	list, err := client.ListProfiles(b.Context(), flinktest.TaskManagerID(0))
	if err != nil || len(list) < 2 {
		b.Fatalf("list profiles: %d, %v", len(list), err)
	}
	return list[1], list[0]
}

// stored is when the server stored the message on a subject.
func (s *stack) stored(b *testing.B, subject string) time.Time {
	b.Helper()
	stream, err := bustest.JetStream(s.bus).Stream(b.Context(), events.StreamEvents)
	if err != nil {
		b.Fatal(err)
	}
	m, err := stream.GetLastMsgForSubject(b.Context(), subject)
	if err != nil {
		b.Fatal(err)
	}
	return m.Time
}
