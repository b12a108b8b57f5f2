package analyzer_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/backends"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

var orders = events.Identity{Cluster: "prod", Namespace: "flink", Job: "orders"}

// Runs of the tests, by the time at which they came.
const (
	run1 = "00000000-0000-5000-8000-000000000001"
	run2 = "00000000-0000-5000-8000-000000000002"
	run3 = "00000000-0000-5000-8000-000000000003"
)

// world is a broker, a store, and what a collector leaves there.
type world struct {
	*bus.Bus
	t     *testing.T
	store *artifact.Store
}

func newWorld(t *testing.T) *world {
	t.Helper()
	b := bustest.Start(t)
	return &world{Bus: b, t: t, store: open(t, b)}
}

func open(t *testing.T, b *bus.Bus) *artifact.Store {
	t.Helper()
	store, err := backends.Store(t.Context(), b, artifact.S3Config{})
	if err != nil {
		t.Fatal(err)
	}
	store.Patience = 200 * time.Millisecond
	return store
}

// own is what an analyzer has: a connection as its user, and the store by it.
func (w *world) own() (*bus.Bus, *artifact.Store) {
	w.t.Helper()
	b := bustest.As(w.t, w.Bus, natsusers.Analyzer)
	return b, open(w.t, b)
}

// serve analyzes until the returned function is called.
func (w *world) serve() (stop func()) {
	w.t.Helper()
	b, store := w.own()
	s, err := analyzer.New(analyzer.Config{Slots: 1, FollowUps: true, Version: "test"}, analyzer.Deps{
		Bus: b, Store: store, Logger: slog.New(slog.NewTextHandler(w.t.Output(), nil)),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Run(ctx) }()
	stop = func() { cancel(); <-done }
	w.t.Cleanup(stop)
	return stop
}

func (w *world) put(key func(sha string) string, body []byte) events.ObjectRef {
	w.t.Helper()
	ref, err := w.store.Put(w.t.Context(), key(artifact.Sum(body)), body)
	if err != nil {
		w.t.Fatal(err)
	}
	return ref
}

// captured stores captures and context of a run and tells of them, as a collector does.
func (w *world) captured(id string, j job, change func(*events.Plan)) {
	w.t.Helper()
	p := events.Plan{
		Run: id, Identity: orders, RestURL: "http://orders-rest:8081", JobID: "j", JobName: "orders", Target: events.Target{
			Cluster: "prod", Namespace: "flink", Deployment: "orders",
		},
		Modes: j.modes(), Duration: events.Duration(seconds * time.Second), Deadline: time.Now().Add(time.Minute), RequestedAt: time.Now(),
	}
	if change != nil {
		change(&p)
	}
	prefix := orders.Prefix(id)
	art := events.ArtifactReady{Run: id, Identity: orders}
	for mode, stacks := range j.stacks {
		body := []byte(stacks)
		ref := w.put(func(sha string) string { return artifact.CaptureKey(prefix, "tm-1", mode, sha) }, body)
		art.Captures = append(art.Captures, events.CaptureRef{
			JVM: "tm-1", Mode: mode, Status: events.CaptureStored, ObjectRef: ref, Samples: 1,
		})
	}
	body, err := j.context().Encode()
	if err != nil {
		w.t.Fatal(err)
	}
	ref := w.put(func(sha string) string { return artifact.ContextKey(prefix, jobcontext.Name, sha) }, body)
	art.Context = []events.ContextRef{{Name: jobcontext.Name, Kind: events.ContextJob, ObjectRef: ref}}
	art.Manifest = ref
	rec := run.Record{Run: id, State: events.StateCaptured, Plan: p}
	w.tell(rec, art)
}

// tell stores a run and publishes what was captured, as the collector does.
func (w *world) tell(rec run.Record, art events.ArtifactReady) {
	w.t.Helper()
	if created, err := run.New(w.Bus).Create(w.t.Context(), rec); err != nil || !created {
		w.t.Fatalf("create: %v, %v", created, err)
	}
	e, err := rec.Event(events.DurableCollector, art)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.PublishFact(w.t.Context(), rec.Plan.Identity.Subject(e.Type, rec.Run), e); err != nil {
		w.t.Fatal(err)
	}
}

// result waits for the end of a run and returns its record and its analysis.
func (w *world) result(id string) (run.Record, events.Analysis) {
	w.t.Helper()
	rec := w.until(id, func(r run.Record) bool { return r.State.Terminal() })
	if rec.State != events.StateAnalyzed {
		w.t.Fatalf("run %s is %s: %+v", id, rec.State, rec.Outcome)
	}
	body, err := w.store.Get(w.t.Context(), *rec.Analysis, 1<<20)
	if err != nil {
		w.t.Fatal(err)
	}
	var an events.Analysis
	if err := json.Unmarshal(body, &an); err != nil {
		w.t.Fatal(err)
	}
	return rec, an
}

func (w *world) until(id string, ok func(run.Record) bool) run.Record {
	w.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		rec, err := run.New(w.Bus).Get(w.t.Context(), id)
		if err != nil {
			w.t.Fatal(err)
		}
		if ok(rec) {
			return rec
		}
	}
	rec, _ := run.New(w.Bus).Get(w.t.Context(), id)
	w.t.Fatalf("run %s did not get there: %+v", id, rec)
	return run.Record{}
}

// rewind makes the record of a run what it was before a step, as if its worker had died there, and delivers it again.
func (w *world) rewind(id string, change func(*run.Record)) {
	w.t.Helper()
	_, err := run.New(w.Bus).Update(w.t.Context(), id, func(r *run.Record) error {
		r.Ending = ""
		change(r)
		return nil
	})
	if err == nil {
		err = run.New(w.Bus).Resume(w.t.Context(), events.DurableAnalyzer, id)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// requests are the requests in the inbox.
func (w *world) requests() []events.ProfileRequested {
	w.t.Helper()
	s, err := bustest.JetStream(w.Bus).Stream(w.t.Context(), events.StreamRequests)
	if err != nil {
		w.t.Fatal(err)
	}
	info, err := s.Info(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	var all []events.ProfileRequested
	for seq := max(1, info.State.FirstSeq); seq <= info.State.LastSeq; seq++ {
		m, err := s.GetMsg(w.t.Context(), seq)
		if err != nil {
			w.t.Fatal(err)
		}
		r, origin, err := events.DecodeRequest(events.Header(m.Header), m.Data)
		if err != nil || origin.Source != events.SourceAnalyzer {
			w.t.Fatalf("request from %q: %v", origin.Source, err)
		}
		all = append(all, r)
	}
	return all
}

// settled reports that every delivery of the analyzer is acknowledged.
func (w *world) settled() bool {
	w.t.Helper()
	c, err := bustest.JetStream(w.Bus).Consumer(w.t.Context(), events.StreamEvents, events.DurableAnalyzer)
	if err != nil {
		w.t.Fatal(err)
	}
	info, err := c.Info(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return info.NumPending == 0 && info.NumAckPending == 0
}

// facts counts the stored messages on a subject.
func (w *world) facts(subject string) uint64 {
	w.t.Helper()
	s, err := bustest.JetStream(w.Bus).Stream(w.t.Context(), events.StreamEvents)
	if err != nil {
		w.t.Fatal(err)
	}
	info, err := s.Info(w.t.Context(), jetstream.WithSubjectFilter(subject))
	if err != nil {
		w.t.Fatal(err)
	}
	return info.State.Subjects[subject]
}
