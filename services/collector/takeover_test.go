package collector

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/collector/internal/capture"
)

// point is a place between two steps of a worker: before or after the nth call of a kind.
type point struct {
	kind  string // mutate, check, start, list, download, put, return
	after bool
	n     int
}

// String implements fmt.Stringer.
func (p point) String() string {
	when := "before"
	if p.after {
		when = "after"
	}
	return fmt.Sprintf("%s %s %d", when, p.kind, p.n)
}

// stopper stops a worker dead at one point, with everything that it does, until it is let go.
type stopper struct {
	at      point
	reached chan struct{} // closed when it stands
	release chan struct{} // closed to let it go
	stop    func()        // cuts it off

	mu    sync.Mutex
	count map[string]int
	dead  bool
}

func newStopper(at point, stop func()) *stopper {
	return &stopper{at: at, reached: make(chan struct{}), release: make(chan struct{}), stop: stop, count: map[string]int{}}
}

// around calls do, unless or until the worker is stopped.
func (s *stopper) around(kind string, do func() error) error {
	s.mu.Lock()
	s.count[kind]++
	n := s.count[kind]
	s.mu.Unlock()
	s.pass(point{kind, false, n})
	err := do()
	s.pass(point{kind, true, n})
	return err
}

func (s *stopper) pass(p point) {
	s.mu.Lock()
	if p == s.at {
		s.dead = true
		s.stop()
		close(s.reached)
	}
	dead := s.dead
	s.mu.Unlock()
	if dead {
		<-s.release
	}
}

// RoundTrip implements http.RoundTripper.
func (s *stopper) RoundTrip(r *http.Request) (res *http.Response, err error) {
	_, rest, isProfiler := strings.Cut(r.URL.Path, "/profiler")
	kind := "other"
	switch {
	case isProfiler && rest != "":
		kind = "download"
	case isProfiler && r.Method == http.MethodPost:
		kind = "start"
	case isProfiler:
		kind = "list"
	}
	err = s.around(kind, func() error {
		res, err = http.DefaultTransport.RoundTrip(r) //nolint:bodyclose // the caller closes it.
		return err
	})
	return res, err
}

// stoppedClaim is a claim whose worker may be stopped.
type stoppedClaim struct {
	capture.Claim
	stopper *stopper
}

// Mutate implements capture.Claim.
func (c stoppedClaim) Mutate(ctx context.Context, fn func(*run.Record) error) error {
	return c.stopper.around("mutate", func() error { return c.Claim.Mutate(ctx, fn) })
}

// Check implements capture.Claim.
func (c stoppedClaim) Check(ctx context.Context) error {
	return c.stopper.around("check", func() error { return c.Claim.Check(ctx) })
}

// stoppedStore is a store whose worker may be stopped.
type stoppedStore struct {
	Store
	stopper *stopper
}

// PutFrom implements Store.
func (o stoppedStore) PutFrom(ctx context.Context, ref events.ObjectRef, body io.ReaderAt) error {
	return o.stopper.around("put", func() error { return o.Store.PutFrom(ctx, ref, body) })
}

// Put implements Store.
func (o stoppedStore) Put(ctx context.Context, key string, body []byte) (ref events.ObjectRef, err error) {
	err = o.stopper.around("put", func() error {
		ref, err = o.Store.Put(ctx, key, body)
		return err
	})
	return ref, err
}

// victim starts a worker that will be stopped.
func (w *world) victim(at point, kill bool) (*stopper, *gate) {
	w.t.Helper()
	g, address := newGate(w.t, bustest.JetStream(w.bus).Conn().ConnectedUrl())
	b := bustest.AsAt(w.t, address, natsusers.Collector)
	s := newStopper(at, func() {
		if kill {
			g.destroy()
		} else {
			g.close()
		}
	})
	c := w.collectorOn(b)
	c.store = stoppedStore{c.store, s}
	c.http = s
	c.claim = func(held capture.Claim) capture.Claim { return stoppedClaim{held, s} }
	c.done = func() { _ = s.around("return", func() error { return nil }) }
	w.work(c)
	w.sweep()
	w.t.Cleanup(func() { // runs before work's own cleanup
		bustest.JetStream(b).Conn().Close()
		select {
		case <-s.release:
		default:
			close(s.release)
		}
	})
	return s, g
}

// points are the steps of a run of two modes on two JVMs.
func points() []point {
	var all []point
	for n := 1; n <= 18; n++ {
		all = append(all, point{"mutate", n%2 == 0, n})
	}
	for n := 1; n <= 4; n++ {
		all = append(all, point{"start", false, n}, point{"start", true, n}, point{"download", true, n}, point{"put", n%2 == 0, n})
	}
	for _, n := range []int{1, 3, 6} {
		all = append(all, point{"list", true, n})
	}
	return append(all, point{"put", true, 5}, point{"put", false, 6}, point{"put", true, 6}, point{"return", false, 1})
}

func TestTakeover_AfterKill(t *testing.T) {
	for _, at := range points() {
		t.Run(at.String(), func(t *testing.T) {
			w := newWorld(t, 2)
			s, _ := w.victim(at, true)
			w.request()
			w.reach(s)
			w.work(w.collector())
			w.whole(w.until(in(events.StateCaptured, events.StateFailed)))
		})
	}
}

// TestTakeover_AfterFreeze lets the first worker go on when the second is through. A worker that is frozen while its
// start of a profile is on the way is not among the cases: nothing but Flink could stop that profile.
func TestTakeover_AfterFreeze(t *testing.T) {
	for _, at := range points() {
		if at.kind == "start" && !at.after {
			continue
		}
		t.Run(at.String(), func(t *testing.T) {
			w := newWorld(t, 2)
			s, g := w.victim(at, false)
			w.request()
			w.reach(s)
			stop := w.work(w.collector())
			rec := w.until(in(events.StateCaptured, events.StateFailed))
			stop()
			g.open()
			close(s.release)
			w.settled()
			w.whole(rec)
			after, err := run.New(w.bus).Get(t.Context(), w.plan.Run)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(rec, after); diff != "" {
				t.Errorf("the superseded worker changed the record:\n%s", diff)
			}
		})
	}
}

// TestTakeover_FrozenBeforeStart freezes a worker after it has looked whether it owns the run, and before it starts a
// profile: it does not act on what it saw before.
func TestTakeover_FrozenBeforeStart(t *testing.T) {
	w := newWorld(t, 2)
	s, g := w.victim(point{"check", true, 1}, false)
	w.request()
	w.reach(s)
	stop := w.work(w.collector())
	rec := w.until(in(events.StateCaptured, events.StateFailed))
	stop()
	g.open()
	close(s.release)
	w.settled()
	w.whole(rec)
}

// reach waits until the worker stands.
func (w *world) reach(s *stopper) {
	w.t.Helper()
	select {
	case <-s.reached:
	case <-time.After(time.Minute):
		w.t.Fatalf("no worker came to %s: %v", s.at, s.count)
	}
}

// settled waits until no delivery of the collector is open.
func (w *world) settled() {
	w.t.Helper()
	c, err := bustest.JetStream(w.bus).Consumer(w.t.Context(), events.StreamEvents, events.DurableCollector)
	if err != nil {
		w.t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		info, err := c.Info(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if info.NumAckPending == 0 && info.NumPending == 0 {
			return
		}
	}
	w.t.Fatal("a delivery stays open")
}

// whole checks that a run is complete: every JVM profiled once in every mode, and told once.
func (w *world) whole(rec run.Record) {
	w.t.Helper()
	if rec.State != events.StateCaptured {
		w.t.Fatalf("state %s: %+v", rec.State, rec.Outcome)
	}
	want := map[string]int{}
	for i := range w.flink.tms {
		for _, m := range w.plan.Modes {
			want[flinktest.TaskManagerID(i)+" "+string(m)] = 1
		}
	}
	history := ""
	for _, l := range rec.History {
		history += l.Text + "\n"
	}
	if diff := cmp.Diff(want, w.flink.starts()); diff != "" {
		w.t.Errorf("profiles (-want +got):\n%s\n%s", diff, history)
	}
	for _, c := range rec.Captures {
		if c.State != run.CaptureStored {
			w.t.Errorf("capture %+v\n%s", c, history)
		}
	}
	if n := w.published(events.TypeArtifactReady); n != 1 {
		w.t.Errorf("artifact.ready was published %d times", n)
	}
	p := w.ready()
	for _, c := range p.Captures {
		w.object(c.ObjectRef)
	}
	w.object(p.Manifest)
	w.windows(p)
}

// windows checks that the counters of each mode are there, whoever read them, or that the context says what is missing.
func (w *world) windows(p events.ArtifactReady) {
	w.t.Helper()
	c := w.context(p)
	missing := strings.Join(c.Missing, "\n")
	for _, m := range w.plan.Modes {
		samples := 0
		for _, win := range c.Windows {
			if win.Mode == string(m) {
				samples = len(win.Samples)
			}
		}
		if samples < atLeast && !strings.Contains(missing, "counters across the "+string(m)+" window") {
			w.t.Errorf("%d samples of %s and no word about it: %s", samples, m, missing)
		}
		w.t.Logf("%s: %d samples", m, samples)
	}
	if c.Version != jobcontext.Version || len(c.Threads) == 0 || len(c.Census) == 0 {
		w.t.Errorf("context of version %d with %d threads and %d groups", c.Version, len(c.Threads), len(c.Census))
	}
}
