package trigger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger"
)

func open(t testing.TB, cfg access.Config) *access.Access {
	t.Helper()
	way, err := access.Open(cfg, access.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return way
}

// start runs the service as its user until t ends.
func start(t testing.TB, b *bus.Bus, way access.Config, cfg trigger.Config) {
	t.Helper()
	startOn(t, bustest.As(t, b, natsusers.Trigger), way, cfg)
}

// startOn is start on a connection of the service.
func startOn(t testing.TB, b *bus.Bus, way access.Config, cfg trigger.Config) {
	t.Helper()
	s, err := trigger.New(cfg, trigger.Deps{Bus: b, Flink: open(t, way)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// await waits until the record of a run fulfils a condition.
func await(t *testing.T, b *bus.Bus, id string, ok func(run.Record) bool) run.Record {
	t.Helper()
	var last run.Record
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		rec, err := run.New(b).Get(t.Context(), id)
		if errors.Is(err, run.ErrNoRecord) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if last = rec; ok(rec) {
			return rec
		}
	}
	t.Fatalf("run %s is %+v after 20 s", id, last)
	return last
}

func flink(t *testing.T, version string) string {
	t.Helper()
	r, err := flinktest.NewReplay(version)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(r)
	t.Cleanup(srv.Close)
	return srv.URL
}

// post calls the HTTP API as soon as it listens, and returns the run.
func post(t *testing.T, addr, body string) string {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		res, err := http.Post("http://"+addr+"/v1/profiles", "application/json", strings.NewReader(body))
		if err != nil {
			continue
		}
		var answer struct{ Run string }
		err = json.NewDecoder(res.Body).Decode(&answer)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusAccepted {
			t.Fatalf("HTTP %d, %v", res.StatusCode, err)
		}
		return answer.Run
	}
	t.Fatal("the API does not listen after 20 s")
	return ""
}

func is(state events.State) func(run.Record) bool {
	return func(r run.Record) bool { return r.State == state }
}

// From a request by HTTP to the plan, and from DELETE to the end of the run, on what real Flinks answered.
func TestRun(t *testing.T) {
	b := bustest.Start(t)
	addr := freeAddr(t)
	start(t, b, access.Config{Local: true}, trigger.Config{HTTPAddr: addr, Sweep: 50 * time.Millisecond})
	for _, version := range []string{"1.20.5", "2.3.0"} {
		rest := flink(t, version)
		id := post(t, addr, `{"target":{"url":"`+rest+`"},"duration":"10s"}`)
		rec := await(t, b, id, is(events.StatePlanned))
		if p := rec.Plan; p.JobID != flinktest.RecordedJobID || p.RestURL != rest || p.Duration.Seconds() != 10 || rec.Requester != "squirrly/http" {
			t.Errorf("Flink %s: requested by %s: plan %+v", version, rec.Requester, p)
		}
		second := post(t, addr, `{"target":{"url":"`+rest+`"}}`)
		if o := await(t, b, second, is(events.StateRejected)).Outcome; o == nil || o.Code != events.CodeCoalesced || !strings.Contains(o.Message, id) {
			t.Errorf("the second request: %+v", o)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, "http://"+addr+"/v1/runs/"+id, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil || res.StatusCode != http.StatusAccepted {
			t.Fatal(res, err)
		}
		_ = res.Body.Close()
		await(t, b, id, is(events.StateCancelled))
	}
}

// In a cluster no URL is allowed until one is listed.
func TestRun_AllowList(t *testing.T) {
	rest := flink(t, "2.3.0")
	for name, c := range map[string]struct {
		allow []string
		want  events.State
	}{
		"nothing": {nil, events.StateRejected},
		"listed":  {[]string{"127.0.0.1"}, events.StatePlanned},
	} {
		b := bustest.Start(t)
		start(t, b, access.Config{Allow: c.allow}, trigger.Config{})
		id := "test-" + name
		body := []byte(`{"target":{"url":"` + rest + `"}}`)
		stored := time.Now()
		if err := b.Request(t.Context(), events.SubjectRequested, id, "", body); err != nil {
			t.Fatal(err)
		}
		rec := await(t, b, events.RunIDFromMsgID(id, stored), func(run.Record) bool { return true })
		if rec.State != c.want || c.want == events.StateRejected && rec.Outcome.Code != events.CodeForbidden {
			t.Errorf("%s: %s, %+v", name, rec.State, rec.Outcome)
		}
	}
}

// The sweeper of this service ends a run that nobody finishes.
func TestRun_Sweeps(t *testing.T) {
	b := bustest.Start(t)
	start(t, b, access.Config{}, trigger.Config{Sweep: 50 * time.Millisecond})
	id := events.Identity{Cluster: "c", Namespace: "n", Job: "j"}
	_, err := run.New(b).Create(t.Context(), run.Record{
		Run: "r1", State: events.StatePlanned, Plan: events.Plan{Run: "r1", Identity: id, Deadline: time.Now().Add(-time.Second)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if rec := await(t, b, "r1", is(events.StateFailed)); rec.Outcome.Code != events.CodeDeadlineExceeded {
		t.Errorf("ended with %+v", rec.Outcome)
	}
}

func TestNew_Refuses(t *testing.T) {
	b := bustest.Start(t)
	for name, cfg := range map[string]trigger.Config{
		"bad REST URL":  {RestTemplate: "{name}:{port}"},
		"patience":      {Patience: time.Millisecond},
		"default above": {Duration: time.Hour},
		"negative":      {Cooldown: -1},
		"credentials":   {RestTemplate: "http://user:hunter2@{name}"},
	} {
		if _, err := trigger.New(cfg, trigger.Deps{Bus: b, Flink: open(t, access.Config{})}); err == nil || !strings.Contains(err.Error(), "SQUIRRLY_") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Without a token the service does not listen for everybody, and says what to set.
func TestRun_OpenAddress(t *testing.T) {
	b := bustest.Start(t)
	s, err := trigger.New(trigger.Config{HTTPAddr: "0.0.0.0:0"}, trigger.Deps{Bus: b, Flink: open(t, access.Config{})})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); err == nil || !bytes.Contains([]byte(err.Error()), []byte("SQUIRRLY_HTTP_TOKEN")) {
		t.Errorf("got %v", err)
	}
}

// Eighty targets that do not answer, of one requester and of many, hold up nobody: a good request behind them is planned
// within two seconds. One that was just asked in vain is answered at once.
func TestRun_DeadTargetsHoldNobodyUp(t *testing.T) {
	b := bustest.Start(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	const dead = 80
	for i := range dead {
		at := silent.Addr().String()
		if i%4 == 0 {
			at = "127.0.0.1:1" // refuses
		}
		ask(t, b, fmt.Sprintf(`{"target":{"url":"http://%s/dead-%d"}}`, at, i))
	}
	good := "good"
	if err := b.Request(t.Context(), events.SubjectRequested, good, "", []byte(`{"target":{"url":"`+flink(t, "2.3.0")+`"}}`)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	start(t, b, access.Config{Local: true}, trigger.Config{})
	await(t, b, events.RunIDFromMsgID(good, began), is(events.StatePlanned))
	t.Logf("planned after %s", time.Since(began))
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the good request was planned after %s", took)
	}
	drained(t, b)
	again, began := "again", time.Now()
	if err := b.Request(t.Context(), events.SubjectRequested, again, "", []byte(`{"target":{"url":"http://127.0.0.1:1/dead-0"}}`)); err != nil {
		t.Fatal(err)
	}
	rec := await(t, b, events.RunIDFromMsgID(again, began), is(events.StateRejected))
	if took := time.Since(began); took > time.Second || rec.Outcome.Code != events.CodeUnreachable || !strings.Contains(rec.Outcome.Message, "asked again in") {
		t.Errorf("after %s: %+v", took, rec.Outcome)
	}
}
