package trigger_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger"
)

// How many requests a second one process decides about, from the inbox to the acknowledgement, and how many messages it
// sends for each. An iteration is a request: -benchtime=2000x.
func BenchmarkIntake(b *testing.B) {
	perJob := func(rest string, i int) string { return fmt.Sprintf(`{"target":{"url":"%s/job-%d"}}`, rest, i) }
	oneJob := func(rest string, _ int) string { return perJob(rest, 0) }
	for name, c := range map[string]struct {
		cfg    trigger.Config
		body   func(rest string, i int) string
		before func(b *testing.B, on *bus.Bus, rest string)
	}{
		"plan":               {body: perJob},
		"reject/invalid":     {body: func(string, int) string { return `{"target":{"deployment":"orders"},"modes":["NO"]}` }},
		"reject/unreadable":  {body: func(string, int) string { return `{` }},
		"reject/coalesced":   {body: oneJob},
		"reject/cooldown":    {body: oneJob, cfg: trigger.Config{Cooldown: time.Hour}, before: analyzed},
		"reject/unreachable": {body: func(string, int) string { return `{"target":{"url":"http://127.0.0.1:1"}}` }, cfg: trigger.Config{Patience: time.Second}},
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
			mine := bustest.Connect(b, bustest.JetStream(on).Conn().ConnectedUrl(), "trigger")
			c.cfg.HTTPAddr, c.cfg.Sweep, c.cfg.AtATime = "off", time.Second, []string{"0"}
			sent := bustest.JetStream(mine).Conn().Stats().OutMsgs
			busy := processorTime(b)
			b.ResetTimer()
			start(b, mine, access.Config{Local: true}, c.cfg)
			drained(b, on)
			b.StopTimer()
			sent = bustest.JetStream(mine).Conn().Stats().OutMsgs - sent
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
			b.ReportMetric(float64(sent)/float64(b.N), "messages/request")
			b.ReportMetric(float64((processorTime(b)-busy).Microseconds())/float64(b.N), "cpu-us/request")
			b.ReportMetric(0, "ns/op")
		})
	}
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
func analyzed(b *testing.B, on *bus.Bus, rest string) {
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
