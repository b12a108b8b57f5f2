package collector

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"squirrly.dev/pkg/events"
)

// watch is a transport that notes when profiles are started and when they are seen to be finished.
type watch struct {
	base http.RoundTripper

	mu       sync.Mutex
	posts    []time.Time // sent, of those that were accepted
	finished map[int64]time.Time
	seen     map[int64]time.Time // first list that shows a profile FINISHED
}

func newWatch() *watch {
	return &watch{base: http.DefaultTransport, finished: map[int64]time.Time{}, seen: map[int64]time.Time{}}
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
		if _, ok := o.seen[p.TriggerTime]; !ok && p.Status == "FINISHED" {
			o.finished[p.TriggerTime], o.seen[p.TriggerTime] = time.UnixMilli(p.FinishedTime), time.Now()
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
	maps.DeleteFunc(o.finished, func(trigger int64, _ time.Time) bool { // those of earlier runs
		return time.UnixMilli(trigger).Before(o.posts[0].Add(-time.Millisecond))
	})
	if len(o.posts) != 2*tms || len(o.finished) != 2*tms {
		t.Fatalf("%d starts and %d ends, want %d", len(o.posts), len(o.finished), 2*tms)
	}
	requested, ready := rec()
	first, second := o.posts[0], o.posts[tms]
	var itimer, wall, itimerSeen, wallSeen time.Time
	for trigger, at := range o.finished {
		end, seen := &wall, &wallSeen
		if time.UnixMilli(trigger).Before(second.Add(-time.Millisecond)) {
			end, seen = &itimer, &itimerSeen
		}
		if at.After(*end) {
			*end = at
		}
		if o.seen[trigger].After(*seen) {
			*seen = o.seen[trigger]
		}
	}
	return gaps{
		start: first.Sub(requested), between: second.Sub(itimer), end: ready.Sub(wall),
		lag: itimerSeen.Sub(itimer) + wallSeen.Sub(wall),
	}
}

// times are when the plan and the artifacts were published, by the clock of the broker.
func (w *world) times() (requested, ready time.Time) {
	w.t.Helper()
	s, err := w.bus.JetStream().Stream(w.t.Context(), events.StreamEvents)
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
