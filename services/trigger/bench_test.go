package trigger_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger"
)

// How many requests a second one process decides about, from the inbox to the acknowledgement, how many messages it sends
// for each, and which share that is of the speed of the writes alone: of a handler that stores what has to be stored and
// does nothing else, on a server of its own, in the same run. An iteration is a request: -benchtime=2000x.
func BenchmarkIntake(b *testing.B) {
	perJob := func(rest string, i int) string { return fmt.Sprintf(`{"target":{"url":"%s/job-%d"}}`, rest, i) }
	oneJob := func(rest string, _ int) string { return perJob(rest, 0) }
	for name, c := range map[string]struct {
		cfg    trigger.Config
		body   func(rest string, i int) string
		before func(b testing.TB, on *bus.Bus, rest string)
		writes int // at least, before the acknowledgement
	}{
		"plan":               {body: perJob, writes: 3}, // the target, the record, the event
		"reject/invalid":     {body: func(string, int) string { return `{"target":{"deployment":"orders"},"modes":["NO"]}` }, writes: 2},
		"reject/unreadable":  {body: func(string, int) string { return `{` }, writes: 3},
		"reject/coalesced":   {body: oneJob, writes: 2},
		"reject/cooldown":    {body: oneJob, cfg: trigger.Config{Cooldown: time.Hour}, before: analyzed, writes: 2},
		"reject/unreachable": {body: func(string, int) string { return `{"target":{"url":"http://127.0.0.1:1"}}` }, cfg: trigger.Config{Patience: time.Second}, writes: 2},
	} {
		b.Run(name, func(b *testing.B) {
			on, rest := bustest.Start(b), flinks(b)
			if err := on.Provision(b.Context(), bus.Topology{}); err != nil { // heartbeats as they are in production
				b.Fatal(err)
			}
			if c.before != nil {
				c.before(b, on, rest)
			}
			for i := range b.N {
				ask(b, on, c.body(rest, i))
			}
			mine := bustest.As(b, on, natsusers.Trigger)
			c.cfg.HTTPAddr, c.cfg.Sweep, c.cfg.AtATime = "off", time.Second, []string{"0"}
			sent := bustest.JetStream(mine).Conn().Stats().OutMsgs
			busy := processorTime(b)
			b.ResetTimer()
			startOn(b, mine, access.Config{Local: true}, c.cfg)
			drained(b, on)
			b.StopTimer()
			sent = bustest.JetStream(mine).Conn().Stats().OutMsgs - sent
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
			b.ReportMetric(float64(sent)/float64(b.N), "messages/request")
			b.ReportMetric(float64((processorTime(b)-busy).Microseconds())/float64(b.N), "cpu-us/request")
			b.ReportMetric(writesAlone(b, c.writes).Seconds()/b.Elapsed().Seconds(), "of-writes-alone")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// writesAlone is how long as many messages take with this many writes of the size of a record for each, one after the
// other, and the same inbox.
func writesAlone(b *testing.B, writes int) time.Duration {
	b.Helper()
	on := bustest.Start(b)
	for range b.N {
		ask(b, on, "{}")
	}
	js, record := bustest.JetStream(on), make([]byte, 1<<10)
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan struct{})
	began := time.Now()
	go func() {
		defer close(done)
		_ = on.Consume(ctx, bus.Inbox(8), func(ctx context.Context, d bus.Delivery) bus.Result {
			for i := range writes {
				subject := fmt.Sprintf("$KV.%s.write.%d-%d", events.BucketRuns, d.Seq, i)
				if _, err := js.Publish(ctx, subject, record, jetstream.WithExpectLastSequencePerSubject(0)); err != nil {
					b.Error(err)
				}
			}
			return bus.Done("written")
		})
	}()
	drained(b, on)
	took := time.Since(began)
	stop()
	<-done
	return took
}

// processorTime is what this process has used: the service, the server and the Flinks. It says more than requests/s on a
// machine that does other work.
func processorTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// flinks serves a recorded Flink below every path, whose job has the name of the path.
func flinks(t testing.TB) string {
	t.Helper()
	recorded, err := flinktest.NewReplay("2.3.0")
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]string{}
	for _, name := range []string{"overview", "jobs", "jobmanager-config"} {
		e, _ := recorded.Exchange(name)
		answers[e.Path] = string(e.JSON)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		job, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		answer := strings.ReplaceAll(answers["/"+path], "squirrly-sample", job)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// ask puts a request into the inbox.
func ask(t testing.TB, on *bus.Bus, body string) {
	t.Helper()
	if err := on.Request(t.Context(), events.SubjectRequested, "", "", []byte(body)); err != nil {
		t.Fatal(err)
	}
}

// drained waits until the inbox is empty.
func drained(t testing.TB, on *bus.Bus) {
	t.Helper()
	s, err := bustest.JetStream(on).Stream(t.Context(), events.StreamRequests)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		info, err := s.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if info.State.Msgs == 0 {
			return
		}
	}
	t.Fatal("the inbox is not empty after 2 min")
}

// analyzed makes a run of the first job that has just ended with a result.
func analyzed(b testing.TB, on *bus.Bus, rest string) {
	b.Helper()
	addr := strings.TrimPrefix(rest, "http://")
	id := events.Identity{Cluster: "local", Namespace: strings.ReplaceAll(addr, ":", "-"), Job: "job-0"}
	runs := run.New(on)
	if _, err := runs.Create(b.Context(), run.Record{Run: "r0", State: events.StateAnalyzed, Plan: events.Plan{Run: "r0", Identity: id}}); err != nil {
		b.Fatal(err)
	}
	if err := runs.AddLatest(b.Context(), id.Key(), "r0"); err != nil {
		b.Fatal(err)
	}
}
