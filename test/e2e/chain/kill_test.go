package chain_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// blow is what happens to a service at a moment of a run.
type blow struct {
	service string
	at      func(run.Record) bool // the moment
	name    string
}

func inState(s events.State) func(run.Record) bool {
	return func(r run.Record) bool { return r.State == s }
}

func capture(mode events.Mode, s run.CaptureState) func(run.Record) bool {
	return func(r run.Record) bool {
		for _, c := range r.Captures {
			if c.Mode == mode && c.State == s {
				return true
			}
		}
		return false
	}
}

// blows cover every step of the chain. Moments that pass within milliseconds are caught by hitting at once.
var blows = []blow{
	{"trigger", nil, "request stored"},
	{"trigger", inState(events.StatePlanned), "planned"},
	{"collector", inState(events.StatePlanned), "planned"},
	{"collector", capture(events.ModeITimer, run.CaptureIntended), "first capture intended"},
	{"collector", capture(events.ModeITimer, run.CaptureRunning), "first capture running"},
	{"collector", capture(events.ModeITimer, run.CaptureStored), "first capture stored"},
	{"collector", capture(events.ModeWall, run.CaptureRunning), "second capture running"},
	{"collector", capture(events.ModeWall, run.CaptureStored), "second capture stored"},
	{"collector", inState(events.StateCaptured), "captured"},
	{"analyzer", inState(events.StateCaptured), "captured"},
	{"analyzer", inState(events.StateAnalyzing), "analyzing"},
	{"analyzer", inState(events.StateAnalyzed), "analyzed"},
	{"notifier", inState(events.StateAnalyzing), "analyzing"},
	{"notifier", inState(events.StateAnalyzed), "analyzed"},
}

// Whatever service is killed or frozen at whatever moment: the run ends with a result, each JVM was profiled once in
// each mode, and there is one recommendation.
func TestKillAndFreeze(t *testing.T) {
	s := newStack(t)
	c := startFlink(t, flinktest.Options{Profiling: true})
	runSample(t, c)
	client := newFlinkClient(t, c.URL)
	for _, freeze := range []bool{false, true} {
		for _, b := range blows {
			name := fmt.Sprintf("kill %s when %s", b.service, b.name)
			if freeze {
				name = fmt.Sprintf("freeze %s when %s", b.service, b.name)
			}
			t.Run(name, func(t *testing.T) { s.strike(t, client, c.URL, b, freeze) })
		}
	}
}

// strike does one run with one blow.
func (s *stack) strike(t *testing.T, client *flink.Client, url string, b blow, freeze bool) {
	s.t = t
	before := profiles(t, client)
	run := s.request(t, url, "2s")
	if b.at != nil {
		until(t, 30*time.Second, "the moment of the blow, or later", func() bool {
			rec, ok := s.record(run)
			return ok && (b.at(rec) || rec.State.Terminal())
		})
	}
	if freeze {
		s.freeze(b.service, ackWait+2*time.Second)
	} else {
		s.kill(b.service)
	}
	until(t, 90*time.Second, "the run is over", func() bool {
		rec, ok := s.record(run)
		return ok && rec.State.Terminal()
	})
	rec, _ := s.record(run)
	if rec.State != events.StateAnalyzed {
		t.Fatalf("the run is %s: %+v", rec.State, rec.Outcome)
	}
	if after := profiles(t, client); after-before != 2 {
		t.Errorf("%d profiles were taken, want 2: one in each mode", after-before)
	}
	if n := s.count(t, rec.Plan.Identity.Subject(events.TypeRecommendationReady, run)); n != 1 {
		t.Errorf("%d recommendations, want 1", n)
	}
}

// request asks for a profile and returns the id of its run at once.
func (s *stack) request(t testing.TB, url, duration string) string {
	t.Helper()
	id := uuid.NewString()
	body := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"e2e","type":%q,"data":{"target":{"url":%q},"duration":%q}}`,
		id, events.TypeProfileRequested, url, duration)
	if err := s.bus.Request(t.Context(), events.SubjectRequested, id, events.ContentType, []byte(body)); err != nil {
		t.Fatal(err)
	}
	return events.RunIDFromEvent("e2e", id)
}

// profiles counts what the profiler of the TaskManager was started for, ever: the trigger times that were seen.
func profiles(t testing.TB, client *flink.Client) int {
	t.Helper()
	list, err := client.ListProfiles(t.Context(), flinktest.TaskManagerID(0))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		seenProfiles[p.TriggerTime] = true
	}
	return len(seenProfiles)
}

// seenProfiles outlives the profiler's own history of ten.
var seenProfiles = map[int64]bool{}

// count is how many messages are stored on a subject.
func (s *stack) count(t testing.TB, subject string) uint64 {
	t.Helper()
	stream, err := bustest.JetStream(s.bus).Stream(t.Context(), events.StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	info, err := stream.Info(t.Context(), jetstream.WithSubjectFilter(subject))
	if err != nil {
		t.Fatal(err)
	}
	return info.State.Subjects[subject]
}
