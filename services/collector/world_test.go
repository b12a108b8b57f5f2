package collector

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/backends"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/collector/internal/capture"
)

// quick is a timing for profiles that end when they are looked at.
func quick() capture.Timing {
	return capture.Timing{
		Look: 20 * time.Millisecond, Far: 40 * time.Millisecond, Lead: 900 * time.Millisecond, Patient: 500 * time.Millisecond,
		Busy: time.Second, Again: 20 * time.Millisecond, Silent: 3 * time.Second, Overdue: 30 * time.Second, Call: 5 * time.Second,
		Page: 5 * time.Second, Later: 200 * time.Millisecond, Keep: 100 * time.Millisecond, Job: 50 * time.Millisecond, Stale: time.Second,
	}
}

// world is a Flink, a broker and a run.
type world struct {
	t     *testing.T
	flink *flinks
	bus   *bus.Bus
	plan  events.Plan
}

func newWorld(t *testing.T, tms int, change ...func(*events.Plan)) *world {
	t.Helper()
	t.Parallel()
	return worldOf(t, tms, change...)
}

func worldOf(t *testing.T, tms int, change ...func(*events.Plan)) *world {
	t.Helper()
	w := &world{t: t, flink: startFlinks(t, "1.20.5", tms), bus: startBroker(t)}
	w.plan = events.Plan{
		Run: uuid.NewString(), Identity: events.Identity{Cluster: "local", Namespace: "flink", Job: "sample"},
		Target: events.Target{URL: w.flink.url}, RestURL: w.flink.url, JobID: flinktest.RecordedJobID, JobName: "squirrly-sample",
		Modes: []events.Mode{events.ModeITimer, events.ModeWall}, Duration: events.Duration(time.Second),
		Deadline: time.Now().Add(time.Minute), RequestedAt: time.Now(),
	}
	for _, c := range change {
		c(&w.plan)
	}
	return w
}

// ackWait is short, so that a takeover does not take long, and long enough for a busy machine.
const ackWait = 3 * time.Second

// startBroker runs a server that keeps everything in memory: what survives a power loss is not the question here.
func startBroker(t *testing.T) *bus.Bus {
	t.Helper()
	return bustest.StartWith(t, bus.Topology{AckWait: ackWait, Memory: true})
}

// request creates the run and publishes its plan, as the trigger does.
func (w *world) request() {
	w.t.Helper()
	rec := run.Record{Run: w.plan.Run, State: events.StatePlanned, Plan: w.plan}
	if created, err := run.New(w.bus).Create(w.t.Context(), rec); err != nil || !created {
		w.t.Fatalf("create: %v, %v", created, err)
	}
	e, err := rec.Event("trigger", events.ProfilePlanned{Plan: w.plan})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.bus.PublishFact(w.t.Context(), w.plan.Identity.Subject(e.Type, w.plan.Run), e); err != nil {
		w.t.Fatal(err)
	}
}

// collector is a worker on a connection of its own, as its user.
type collector struct {
	bus   *bus.Bus
	store Store
	http  http.RoundTripper
	claim func(capture.Claim) capture.Claim // wraps the claim, unless nil
	done  func()                            // called when the handler has returned, unless nil

	timing  capture.Timing
	jobWait time.Duration
}

func (w *world) collector() *collector {
	w.t.Helper()
	return w.collectorOn(bustest.As(w.t, w.bus, natsusers.Collector))
}

func (w *world) collectorOn(b *bus.Bus) *collector {
	w.t.Helper()
	return &collector{bus: b, store: w.store(b), http: http.DefaultTransport, timing: quick()}
}

func (w *world) store(b *bus.Bus) *artifact.Store {
	w.t.Helper()
	store, err := backends.Store(w.t.Context(), b, artifact.S3Config{})
	if err != nil {
		w.t.Fatal(err)
	}
	store.Patience = 200 * time.Millisecond
	return store
}

// work runs a collector until the test ends.
func (w *world) work(c *collector) (stop func()) {
	w.t.Helper()
	way, err := access.Open(access.Config{Local: true}, access.Options{Transport: func(http.RoundTripper) http.RoundTripper { return c.http }})
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := New(Config{Version: "test", JobWait: c.jobWait}, Deps{
		Bus: c.bus, Store: c.store, Flink: way, Logger: slog.New(slog.NewTextHandler(w.t.Output(), nil)),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	s.timing = c.timing
	step := run.Step{Service: events.DurableCollector, Working: events.StateProfiling, Done: events.StateCaptured, After: s.after}
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = run.New(c.bus).Work(ctx, step, 1, func(ctx context.Context, claim *run.Claim) (events.Payload, error) {
			var held capture.Claim = claim
			if c.claim != nil {
				held = c.claim(claim)
			}
			p, err := s.collect(ctx, held)
			if c.done != nil {
				c.done()
			}
			return p, err
		})
	}()
	stop = func() { cancel(); <-ended }
	w.t.Cleanup(stop)
	return stop
}

// sweep resumes runs that wait, as the trigger does.
func (w *world) sweep() {
	w.t.Helper()
	runs := run.New(bustest.As(w.t, w.bus, natsusers.Trigger))
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = run.Sweeper{Runs: runs, Every: 50 * time.Millisecond, Stale: 5 * time.Second}.Run(ctx)
	}()
	w.t.Cleanup(func() { cancel(); <-ended })
}

// until polls the record until ok.
func (w *world) until(ok func(run.Record) bool) run.Record {
	w.t.Helper()
	var rec run.Record
	var err error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		// A busy machine may answer late.
		if rec, err = run.New(w.bus).Get(w.t.Context(), w.plan.Run); err == nil && ok(rec) {
			return rec
		}
	}
	text, _ := json.MarshalIndent(rec, "", " ")
	w.t.Fatalf("the run did not get there: %v, %s", err, text)
	return rec
}

func in(states ...events.State) func(run.Record) bool {
	return func(r run.Record) bool { return slices.Contains(states, r.State) }
}

// finish requests the run, works, and returns the record at its end.
func (w *world) finish() run.Record {
	w.t.Helper()
	w.work(w.collector())
	w.sweep()
	w.request()
	return w.until(in(events.StateCaptured, events.StateFailed))
}

// published counts the messages about the run of one type.
func (w *world) published(of events.Type) uint64 {
	w.t.Helper()
	s, err := bustest.JetStream(w.bus).Stream(w.t.Context(), events.StreamEvents)
	if err != nil {
		w.t.Fatal(err)
	}
	info, err := s.Info(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	subject := w.plan.Identity.Subject(of, w.plan.Run)
	n := uint64(0)
	for seq := info.State.FirstSeq; seq <= info.State.LastSeq; seq++ {
		if m, err := s.GetMsg(w.t.Context(), seq); err == nil && m.Subject == subject {
			n++
		}
	}
	return n
}

// ready returns the payload of the event.
func (w *world) ready() events.ArtifactReady {
	w.t.Helper()
	s, err := bustest.JetStream(w.bus).Stream(w.t.Context(), events.StreamEvents)
	if err != nil {
		w.t.Fatal(err)
	}
	m, err := s.GetLastMsgForSubject(w.t.Context(), w.plan.Identity.Subject(events.TypeArtifactReady, w.plan.Run))
	if err != nil {
		w.t.Fatal(err)
	}
	e, err := events.DecodeEvent(m.Data)
	if err != nil {
		w.t.Fatal(err)
	}
	p, err := events.Data[events.ArtifactReady](e)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// object reads a stored object.
func (w *world) object(ref events.ObjectRef) []byte {
	w.t.Helper()
	body, err := w.store(w.bus).Get(w.t.Context(), ref, artifact.MaxBytes)
	if err != nil {
		w.t.Fatal(err)
	}
	return body
}

// context reads the stored job context of an event.
func (w *world) context(p events.ArtifactReady) *jobcontext.Context {
	w.t.Helper()
	for _, ref := range p.Context {
		if ref.Kind == events.ContextJob {
			c, err := jobcontext.Decode(w.object(ref.ObjectRef))
			if err != nil {
				w.t.Fatal(err)
			}
			return c
		}
	}
	w.t.Fatal(errors.New("no job context"))
	return nil
}
