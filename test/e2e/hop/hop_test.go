// Package hop_test measures what a step of a run costs on the bus, beside what the official client's own benchmark takes
// for the same operations on the same server. There is nothing to pass or fail here: the figures are in
// docs/reliability.md.
package hop_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/test/e2e/parts"
)

// atOnce is how many clients, slots and requesters work at a time.
const atOnce = 8

// BenchmarkRuns takes b.N runs through one step that does nothing: a record and a plan are stored, a worker claims the run,
// its fact and its record are stored, and the delivery is acknowledged. Use -benchtime 1000x.
//
//   - runs/s, and %-of-nats-bench: how long `nats bench` takes for as many writes, reads and deliveries with
//     acknowledgement, over how long the runs took. Both have eight clients at a time.
//   - hop-ms: from the call that publishes a fact to the call of the next step's handler, the median of runs one after the
//     other; bench-hop-ms is the sum of the medians of `nats bench` for what lies between: a publication, a read, a write.
func BenchmarkRuns(b *testing.B) {
	w := newWorld(b)
	ops := w.count(b)

	b.ResetTimer()
	began := time.Now()
	w.runs(b, b.N, atOnce)
	took := time.Since(began)
	b.StopTimer()

	hops := w.hops(b)
	write, read, consume := w.bench(b, atOnce, "js", "pub", "sync"), w.bench(b, atOnce, "js", "get", "sync"), w.bench(b, atOnce, "js", "consume")
	want := float64(b.N) * (ops.writes/write.rate + ops.reads/read.rate + ops.deliveries/consume.rate)
	b.ReportMetric(float64(b.N)/took.Seconds(), "runs/s")
	b.ReportMetric(100*want/took.Seconds(), "%-of-nats-bench")
	b.ReportMetric(ops.writes, "writes/run")
	b.ReportMetric(ops.reads, "reads/run")
	b.ReportMetric(hops, "hop-ms")
	alone := w.bench(b, 1, "js", "pub", "sync").median*2 + w.bench(b, 1, "js", "get", "sync").median
	b.ReportMetric(alone, "bench-hop-ms")
	b.ReportMetric(0, "ns/op")
}

// world is a server, and a worker on it.
type world struct {
	url      string
	bus      *bus.Bus
	through  atomic.Int64   // runs that are through the step
	accepted chan time.Time // when the handler of a lone run was called; nil while there are many
	lone     atomic.Bool    // the next run is alone
	number   atomic.Int64   // of the last run
	js       jetstream.JetStream
}

func newWorld(b *testing.B) *world {
	b.Helper()
	srv, err := parts.StartNATS(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(srv.Stop)
	w := &world{url: srv.URL, accepted: make(chan time.Time, 1)}
	w.bus, err = bus.Connect(b.Context(), bus.Options{URL: srv.URL, Name: "hop", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(w.bus.Close)
	if err := w.bus.Provision(b.Context(), bus.Topology{}); err != nil {
		b.Fatal(err)
	}
	w.js = bustest.JetStream(w.bus)
	w.work(b, w.bus)
	return w
}

// work takes runs through a step that does nothing, on a connection of its own or that of the requester, until the benchmark ends.
func (w *world) work(b *testing.B, on *bus.Bus) {
	b.Helper()
	step := run.Step{
		Service: "collector", Working: events.StateProfiling, Done: events.StateCaptured,
		After: func(context.Context, run.Record) error { w.through.Add(1); return nil },
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- run.New(on).Work(ctx, step, atOnce, w.nothing) }()
	b.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			b.Error(err)
		}
	})
}

func (w *world) nothing(_ context.Context, c *run.Claim) (events.Payload, error) {
	if w.lone.Load() {
		w.accepted <- time.Now()
	}
	ref := events.ObjectRef{Key: "k", SHA256: fmt.Sprintf("%064d", 1), Size: 1}
	return events.ArtifactReady{Run: c.Record().Run, Identity: identity, Manifest: ref, Captures: []events.CaptureRef{
		{JVM: "tm", Mode: events.ModeWall, Status: events.CaptureStored, ObjectRef: ref},
	}}, nil
}

var identity = events.Identity{Cluster: "local", Namespace: "flink", Job: "orders"}

// request stores a run and publishes its plan, as the trigger does. It returns when the plan was about to be published.
func (w *world) request(ctx context.Context) (time.Time, error) {
	plan := events.Plan{
		Run: fmt.Sprintf("r%d", w.number.Add(1)), Identity: identity, RestURL: "http://localhost:8081", JobID: "j",
		Modes: []events.Mode{events.ModeWall}, Duration: events.Duration(time.Second), Deadline: time.Now().Add(time.Hour),
		RequestedAt: time.Now(), Target: events.Target{URL: "http://localhost:8081"},
	}
	rec := run.Record{Run: plan.Run, State: events.StatePlanned, Plan: plan}
	if _, err := run.New(w.bus).Create(ctx, rec); err != nil {
		return time.Time{}, err
	}
	e, err := rec.Event("trigger", events.ProfilePlanned{Plan: plan})
	if err != nil {
		return time.Time{}, err
	}
	began := time.Now()
	return began, w.bus.PublishFact(ctx, identity.Subject(e.Type, plan.Run), e)
}

// runs takes n runs through the step, with so many requesters.
func (w *world) runs(b *testing.B, n, requesters int) {
	b.Helper()
	want := w.through.Load() + int64(n)
	var g errgroup.Group
	g.SetLimit(requesters)
	for range n {
		g.Go(func() error {
			_, err := w.request(b.Context())
			return err
		})
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Minute); w.through.Load() < want; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			b.Fatalf("%d of %d runs are through after five minutes", w.through.Load()-want+int64(n), n)
		}
	}
}

// hops returns the median of a lone hop in milliseconds.
func (w *world) hops(b *testing.B) float64 {
	b.Helper()
	return median(w.loneHops(b, 200))
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// loneHops returns the times of n hops, one after the other, in milliseconds.
func (w *world) loneHops(b *testing.B, n int) []float64 {
	b.Helper()
	w.lone.Store(true)
	defer w.lone.Store(false)
	var all []float64
	for range n {
		want := w.through.Load() + 1
		began, err := w.request(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, (<-w.accepted).Sub(began).Seconds()*1000)
		for w.through.Load() < want {
			time.Sleep(100 * time.Microsecond)
		}
	}
	return all
}

// operations are what one run asks of the server.
type operations struct{ writes, reads, deliveries float64 }

// count looks at some runs: what they stored, and the reads that they sent.
func (w *world) count(b *testing.B) operations {
	b.Helper()
	conn, err := nats.Connect(w.url)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	var reads atomic.Int64
	if _, err := conn.Subscribe("$JS.API.STREAM.MSG.GET.*", func(*nats.Msg) { reads.Add(1) }); err != nil {
		b.Fatal(err)
	}
	if err := conn.Flush(); err != nil {
		b.Fatal(err)
	}
	const runs = 100
	before := w.stored(b)
	w.runs(b, runs, 1)
	if err := conn.Flush(); err != nil {
		b.Fatal(err)
	}
	return operations{writes: float64(w.stored(b)-before) / runs, reads: float64(reads.Load()) / runs, deliveries: 1}
}

// stored counts all messages that were ever stored but leases, which are written by the clock.
func (w *world) stored(b *testing.B) uint64 {
	b.Helper()
	var sum uint64
	list := w.js.ListStreams(b.Context())
	for info := range list.Info() {
		if !strings.HasSuffix(info.Config.Name, events.BucketLeases) {
			sum += info.State.LastSeq
		}
	}
	if err := list.Err(); err != nil {
		b.Fatal(err)
	}
	return sum
}

// result is what `nats bench` prints.
type result struct{ rate, median float64 } // per second; in milliseconds, 0 where it prints none

var (
	ratePattern   = regexp.MustCompile(`stats: ([0-9,]+) msgs/sec`)
	medianPattern = regexp.MustCompile(`P50:? ([0-9.,]+)us`)
)

// bench runs `nats bench` with messages as large as the records here. Its stream is read from the leader and kept in a
// file, as ours are.
func (w *world) bench(b *testing.B, clients int, what ...string) result {
	b.Helper()
	cli, err := parts.NATSCLI()
	if err != nil {
		b.Fatal(err)
	}
	const stream, subject = "benchstream", "bench.hop"
	_, err = w.js.CreateOrUpdateStream(b.Context(), jetstream.StreamConfig{
		Name: stream, Subjects: []string{subject, subject + ".>"}, Storage: jetstream.FileStorage, AllowDirect: false,
	})
	if err != nil {
		b.Fatal(err)
	}
	args := slices.Concat([]string{"bench"}, what, []string{
		"--server", w.url, "--no-progress", "--clients", strconv.Itoa(clients), "--stream", stream, "--msgs", "8000",
	})
	if what[1] == "pub" {
		args = append(args, "--multisubject", "--size", "800", subject)
	}
	cmd := exec.CommandContext(b.Context(), cli, args...)
	cmd.Env = []string{"HOME=" + b.TempDir()}
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("nats %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	r := result{rate: number(ratePattern, out), median: number(medianPattern, out) / 1000}
	if r.rate == 0 || clients == 1 && r.median == 0 {
		b.Fatalf("nats %s printed no rate, or no median for one client:\n%s", strings.Join(args, " "), out)
	}
	return r
}

func number(pattern *regexp.Regexp, out []byte) float64 {
	m := pattern.FindSubmatch(out)
	if m == nil {
		return 0
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(string(m[1]), ",", ""), 64)
	if err != nil {
		return 0
	}
	return n
}
