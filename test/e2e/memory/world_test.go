package memory_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/backends"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/natsembed"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// patience is how long a run may take on a busy machine.
const patience = 2 * time.Minute

// world is a NATS server with the artifacts in it or in S3, and the runs.
type world struct {
	t     *testing.T
	env   []string
	bus   *bus.Bus
	store *artifact.Store
}

// newWorld provisions a server. s3 holds the artifacts unless it is empty.
func newWorld(t *testing.T, s3 artifact.S3Config) *world {
	t.Helper()
	server, err := natsembed.Start(natsembed.Options{Dir: t.TempDir(), Port: -1, Name: "memory"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Shutdown(); server.WaitForShutdown() })
	w := &world{t: t, env: []string{
		"SQUIRRLY_NATS_URL=" + server.ClientURL(), "SQUIRRLY_ADMIN_ADDR=off", "SQUIRRLY_LOG_FORMAT=text",
		"SQUIRRLY_FLINK_ALLOW=127.0.0.1",
	}}
	if s3.Endpoint != "" {
		w.env = append(w.env, "SQUIRRLY_S3_ENDPOINT="+s3.Endpoint, "SQUIRRLY_S3_BUCKET="+s3.Bucket,
			"SQUIRRLY_S3_ACCESS_KEY="+s3.AccessKey, "SQUIRRLY_S3_SECRET_KEY="+s3.SecretKey.Reveal())
	}
	if w.bus, err = bus.Connect(t.Context(), bus.Options{URL: server.ClientURL(), Name: "memory"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.bus.Close)
	if err := w.bus.Provision(t.Context(), bus.Topology{AckWait: 10 * time.Second}); err != nil {
		t.Fatal(err)
	}
	if w.store, err = backends.Store(t.Context(), w.bus, s3); err != nil {
		t.Fatal(err)
	}
	if s3.Endpoint != "" {
		if err := w.store.EnsureBucket(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.sweep()
	return w
}

// sweep resumes runs that wait, as the trigger does.
func (w *world) sweep() {
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = run.Sweeper{Runs: run.New(w.bus), Every: 200 * time.Millisecond, Stale: time.Minute}.Run(ctx)
	}()
	w.t.Cleanup(func() { cancel(); <-ended })
}

// flink is a recorded Flink whose profiler gives the page; nil is the recorded one.
func (w *world) flink(page func(http.ResponseWriter)) (url string) {
	w.t.Helper()
	r, err := flinktest.NewReplay("1.20.5")
	if err != nil {
		w.t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		if dir, file := path.Split(req.URL.Path); page != nil && strings.HasSuffix(dir, "/profiler/") && file != "" {
			page(rw)
			return
		}
		r.ServeHTTP(rw, req)
	}))
	w.t.Cleanup(server.Close)
	return server.URL
}

// plan is one of a run of a job of its own.
func plan(job, url string) events.Plan {
	return events.Plan{
		Run: uuid.NewString(), Identity: events.Identity{Cluster: "local", Namespace: "flink", Job: job},
		Target: events.Target{URL: url}, RestURL: url, JobID: flinktest.RecordedJobID, JobName: job,
		Modes: []events.Mode{events.ModeWall}, Duration: events.Duration(time.Second),
		Deadline: time.Now().Add(patience), RequestedAt: time.Now(),
	}
}

// tell stores the record of a run and publishes what the step before has to say.
func (w *world) tell(rec run.Record, by string, fact events.Payload) {
	w.t.Helper()
	if created, err := run.New(w.bus).Create(w.t.Context(), rec); err != nil || !created {
		w.t.Fatalf("create: %v, %v", created, err)
	}
	e, err := rec.Event(by, fact)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.bus.PublishFact(w.t.Context(), rec.Plan.Identity.Subject(e.Type, rec.Run), e); err != nil {
		w.t.Fatal(err)
	}
}

// request plans a run, as the trigger does, and returns its id.
func (w *world) request(job, url string) string {
	w.t.Helper()
	p := plan(job, url)
	w.tell(run.Record{Run: p.Run, State: events.StatePlanned, Plan: p}, "trigger", events.ProfilePlanned{Plan: p})
	return p.Run
}

// besideOrdinary has four hostile Flinks profiled and four as recorded, whose runs must end well. It returns the records of the hostile
// ones, whose runs are over, or captured.
func (w *world) besideOrdinary(hostile func() (url string)) (ended []run.Record) {
	w.t.Helper()
	var bad, good []string
	for i := range 4 {
		bad = append(bad, w.request(fmt.Sprint("hostile-", i), hostile()))
		good = append(good, w.request(fmt.Sprint("ordinary-", i), w.flink(nil)))
	}
	for _, id := range good {
		w.until(id, events.StateCaptured)
	}
	for _, id := range bad {
		ended = append(ended, w.until(id, events.StateFailed, events.StateCaptured))
	}
	return ended
}

// captured is a run with pages, as the collector leaves it: one of a TaskManager each. It returns its id.
func (w *world) captured(job string, pages ...[]byte) string {
	w.t.Helper()
	p := plan(job, "http://flink:8081")
	art := events.ArtifactReady{Run: p.Run, Identity: p.Identity}
	for i, page := range pages {
		jvm := fmt.Sprintf("tm-%d", i+1)
		key := artifact.CaptureKey(p.Identity.Prefix(p.Run), jvm, events.ModeWall, artifact.Sum(page))
		ref, err := w.store.Put(w.t.Context(), key, page)
		if err != nil {
			w.t.Fatal(err)
		}
		art.Captures = append(art.Captures, events.CaptureRef{
			JVM: jvm, Mode: events.ModeWall, Status: events.CaptureStored, ObjectRef: ref, Samples: 1,
		})
		art.Manifest = ref
	}
	w.tell(run.Record{Run: p.Run, State: events.StateCaptured, Plan: p}, events.DurableCollector, art)
	return p.Run
}

// until waits for a state of a run.
func (w *world) until(id string, states ...events.State) run.Record {
	w.t.Helper()
	var rec run.Record
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if rec, err = run.New(w.bus).Get(w.t.Context(), id); err != nil {
			continue // a busy machine may answer late
		}
		if slices.Contains(states, rec.State) {
			return rec
		}
	}
	text, _ := json.MarshalIndent(rec, "", " ")
	w.t.Fatalf("the run did not get there: %v, %s", err, text)
	return rec
}
