package collector

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/collector/internal/capture"
)

// watch is a transport that notes when profiles are started and when they are seen to be finished.
type watch struct {
	base http.RoundTripper

	mu    sync.Mutex
	posts []time.Time // sent, of those that were accepted
	ends  map[profileID]ending
}

// profileID is what tells profiles apart.
type profileID struct {
	path    string // of the profiler
	trigger int64
}

// ending is when a profile ended, and when a list first said so.
type ending struct{ at, seen time.Time }

func newWatch() *watch {
	return &watch{base: http.DefaultTransport, ends: map[profileID]ending{}}
}

// RoundTrip implements http.RoundTripper.
func (o *watch) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := time.Now()
	res, err := o.base.RoundTrip(r)
	if err != nil || !strings.HasSuffix(r.URL.Path, "/profiler") || res.StatusCode != http.StatusOK {
		return res, err
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(strings.NewReader(string(body)))
	o.mu.Lock()
	defer o.mu.Unlock()
	if r.Method == http.MethodPost {
		o.posts = append(o.posts, sent)
		return res, nil
	}
	var list struct {
		Profiles []struct {
			Status       string
			TriggerTime  int64
			FinishedTime int64
		} `json:"profilingList"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, err
	}
	for _, p := range list.Profiles {
		id := profileID{r.URL.Path, p.TriggerTime}
		if _, ok := o.ends[id]; !ok && p.Status == "FINISHED" {
			o.ends[id] = ending{time.UnixMilli(p.FinishedTime), time.Now()}
		}
	}
	return res, nil
}

// gaps are the times in which no profile runs because of us.
type gaps struct {
	start, between, end time.Duration
	lag                 time.Duration // from the end of a profile until Flink shows it, in all
}

func (g gaps) sum() time.Duration { return g.start + g.between + g.end }

// measure works out the gaps of a run with two modes.
func (o *watch) measure(t *testing.T, rec func() (requested, ready time.Time), tms int) gaps {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	slices.SortFunc(o.posts, time.Time.Compare)                 // they are noted as they are answered
	maps.DeleteFunc(o.ends, func(id profileID, _ ending) bool { // those of earlier runs
		return time.UnixMilli(id.trigger).Before(o.posts[0].Add(-time.Millisecond))
	})
	if len(o.posts) != 2*tms || len(o.ends) != 2*tms {
		t.Fatalf("%d starts and %d ends, want %d", len(o.posts), len(o.ends), 2*tms)
	}
	requested, ready := rec()
	first, second := o.posts[0], o.posts[tms]
	var itimer, wall ending
	for id, e := range o.ends {
		mode := &wall
		if time.UnixMilli(id.trigger).Before(second.Add(-time.Millisecond)) {
			mode = &itimer
		}
		if e.at.After(mode.at) {
			mode.at = e.at
		}
		if e.seen.After(mode.seen) {
			mode.seen = e.seen
		}
	}
	return gaps{
		start: first.Sub(requested), between: second.Sub(itimer.at), end: ready.Sub(wall.at),
		lag: itimer.seen.Sub(itimer.at) + wall.seen.Sub(wall.at),
	}
}

// times are when the plan and the artifacts were published, by the clock of the broker.
func (w *world) times() (requested, ready time.Time) {
	w.t.Helper()
	s, err := bustest.JetStream(w.bus).Stream(w.t.Context(), events.StreamEvents)
	if err != nil {
		w.t.Fatal(err)
	}
	for of, at := range map[events.Type]*time.Time{events.TypeProfilePlanned: &requested, events.TypeArtifactReady: &ready} {
		m, err := s.GetLastMsgForSubject(w.t.Context(), w.plan.Identity.Subject(of, w.plan.Run))
		if err != nil {
			w.t.Fatal(err)
		}
		*at = m.Time
	}
	return requested, ready
}

// TestGaps measures how long no profile runs because of this service, on a Flink that answers at once.
func TestGaps(t *testing.T) {
	var all []time.Duration
	for range 3 {
		w := worldOf(t, 2)
		w.flink.inTime, w.flink.lag = true, 50*time.Millisecond
		worker := w.collector()
		worker.timing = capture.DefaultTiming()
		see := newWatch()
		worker.http = see
		stop := w.work(worker)
		w.request()
		if rec := w.until(in(events.StateCaptured, events.StateFailed)); rec.State != events.StateCaptured {
			t.Fatalf("state %s: %+v", rec.State, rec.Outcome)
		}
		g := see.measure(t, w.times, 2)
		t.Logf("request to start %s, end to next start %s, last end to event %s; sum %s, of which Flink's own lag %s",
			g.start, g.between, g.end, g.sum(), g.lag)
		all = append(all, g.sum()-g.lag)
		stop()
	}
	slices.Sort(all)
	if median := all[len(all)/2]; median > time.Second {
		t.Errorf("the gaps are %s at the median, want at most 1s: %v", median, all)
	}
}
