package chain_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/test/e2e/parts"
)

// A plain JSON request, sent with the nats CLI by somebody who may only ask, ends as a verdict that names the true bottleneck: on
// one NATS server, and on three that talk by TLS.
func TestSampleJob(t *testing.T) {
	for i, version := range versions() {
		verb := []string{"req", "pub"}[i%2] // with an acknowledgement, and without
		overlay := []string{"overlays/prod", "base"}[i%2]
		t.Run(version, func(t *testing.T) {
			hook := newWebhook(t)
			s := newStackOn(t, overlay, "SQUIRRLY_WEBHOOK_URL="+hook.url, "SQUIRRLY_WEBHOOK_SECRET="+hook.secret,
				"SQUIRRLY_OUTBOUND_PRIVATE=true", "SQUIRRLY_NOTIFY_SUBJECT="+forward)
			c := startFlink(t, flinktest.Options{Version: version, Profiling: true})
			job := runSample(t, c)
			advice := s.listen(t, forward)
			time.Sleep(warmUp)

			s.natsCLI(t, verb, events.SubjectRequested, fmt.Sprintf(`{"target":{"url":%q},"duration":"10s"}`, c.URL))
			rec := s.recommendation(t, 3*time.Minute)
			checkSample(t, rec, job)
			checkDelivered(t, hook, advice, rec)
			if out, err := s.squirrly("runs", "get", rec.Run); err != nil || !strings.Contains(out, "arbitrary-stall") {
				t.Errorf("runs get: %v\n%s", err, out)
			}
			checkOneShot(t, c.URL)
		})
	}
}

// checkSample asserts the known truth about the sample job.
func checkSample(t *testing.T, r events.RecommendationReady, job string) {
	t.Helper()
	v := r.Verdict
	t.Logf("verdict: %s", v.Headline)
	if r.JobID != job {
		t.Errorf("job %s, want %s", r.JobID, job)
	}
	if v.Limit != events.LimitVertex || !strings.Contains(v.VertexName, "arbitrary-stall") {
		t.Errorf("limit %s by %q, want vertex arbitrary-stall", v.Limit, v.VertexName)
	}
	if !strings.HasSuffix(v.Anchor, "EvenStallingFunction.map") || !strings.Contains(v.Frame, "Thread.sleep") {
		t.Errorf("anchor %s → %s, want EvenStallingFunction.map → Thread.sleep", v.Anchor, v.Frame)
	}
	if v.P < 0.8 {
		t.Errorf("p = %.2f, want above 0.8", v.P)
	}
	victims := strings.Join(v.Victims, " ")
	if !strings.Contains(victims, "numbers") || !strings.Contains(victims, "random-integers") {
		t.Errorf("victims %q, want the source and the first map", victims)
	}
	if len(r.Findings) == 0 {
		t.Fatal("no findings")
	}
	f := r.Findings[0]
	if f.Rule != "A1" || f.TE < 1.5 || f.TE > 2.5 {
		t.Errorf("first finding %s with %.2f TE, want A1 with about 1 TE for each of 2 subtasks", f.Rule, f.TE)
	}
	for _, f := range r.Findings {
		if text := fmt.Sprintf("%+v", f); strings.Contains(text, "OutputFlusher") {
			t.Errorf("the output flusher is named: %s", text)
		}
	}
}

// recommendation reads the next recommendation through a durable consumer of a third party's own.
func (s *stack) recommendation(t *testing.T, d time.Duration) events.RecommendationReady {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	cons, err := bustest.JetStream(s.bus).CreateOrUpdateConsumer(ctx, events.StreamEvents, jetstream.ConsumerConfig{
		Durable: "team1_recs", FilterSubject: events.SubjectReady, AckPolicy: jetstream.AckExplicitPolicy,
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := cons.Next(jetstream.FetchContext(ctx))
	if err != nil {
		s.explain(t)
		t.Fatalf("no recommendation within %s: %v", d, err)
	}
	if err := m.DoubleAck(ctx); err != nil {
		t.Fatal(err)
	}
	e, err := events.DecodeEvent(m.Data())
	if err != nil {
		t.Fatal(err)
	}
	r, err := events.Data[events.RecommendationReady](e)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// explain logs what became of every run.
func (s *stack) explain(t *testing.T) {
	t.Helper()
	all, err := run.New(s.bus).List(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Log(err)
	}
	for _, r := range all {
		b, _ := json.MarshalIndent(r, "", " ")
		t.Logf("%s", b)
	}
}

// natsCLI runs the official command line client, as other people would.
func (s *stack) natsCLI(t *testing.T, args ...string) string {
	t.Helper()
	path, err := parts.NATSCLI()
	if err != nil {
		t.Fatal(err)
	}
	options := []string{"--server", s.nats.URL, "--user", "ci", "--password", s.nats.Password("ci"), "--inbox-prefix", bus.InboxPrefix("ci")}
	if s.nats.CA != "" {
		options = append(options, "--tlsca", s.nats.CA)
	}
	c := exec.Command(path, append(options, args...)...)
	c.Env = append(c.Environ(), "XDG_CONFIG_HOME="+t.TempDir())
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("nats %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// listen collects what is published on a plain subject.
func (s *stack) listen(t *testing.T, subject string) <-chan []byte {
	t.Helper()
	got := make(chan []byte, 8)
	sub, err := bustest.JetStream(s.bus).Conn().Subscribe(subject, func(m *natsMsg) { got <- m.Data })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sub.Unsubscribe() })
	return got
}

// webhook is an endpoint that checks signatures.
type webhook struct {
	url, secret string
	mu          sync.Mutex
	bodies      [][]byte
	bad         []error
}

func newWebhook(t *testing.T) *webhook {
	t.Helper()
	w := &webhook{secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr"}
	verify, err := standardwebhooks.NewWebhook(w.secret)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = verify.Verify(body, r.Header)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if err != nil {
			w.bad = append(w.bad, err)
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.bodies = append(w.bodies, body)
	}))
	t.Cleanup(srv.Close)
	w.url = srv.URL
	return w
}

// checkDelivered waits for the recommendation on the webhook and on the subject.
func checkDelivered(t *testing.T, w *webhook, advice <-chan []byte, r events.RecommendationReady) {
	t.Helper()
	isIt := func(body []byte) bool {
		e, err := events.DecodeEvent(body)
		return err == nil && e.Type == events.TypeRecommendationReady && e.RunID == r.Run
	}
	until(t, 20*time.Second, "signed webhook", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.bodies) > 0
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.bad) > 0 {
		t.Errorf("bad signatures: %v", w.bad)
	}
	if len(w.bodies) != 1 || !isIt(w.bodies[0]) {
		t.Errorf("%d webhooks, want one with the recommendation of run %s", len(w.bodies), r.Run)
	}
	select {
	case body := <-advice:
		if !isIt(body) {
			t.Errorf("the subject got something else: %.200s", body)
		}
	case <-time.After(20 * time.Second):
		t.Error("nothing on the NATS subject")
	}
}

// checkOneShot profiles the same job without any server.
func checkOneShot(t *testing.T, url string) {
	t.Helper()
	dir := t.TempDir()
	c := exec.Command(bin+"/squirrly", "profile", url, "--duration", "5s", "-o", "json", "--out", dir, "--fail-on", "warning")
	out, err := c.Output()
	var exit *exec.ExitError
	if !asExit(err, &exit) || exit.ExitCode() != 3 {
		t.Fatalf("one-shot: %v, want exit code 3 for findings\n%s", err, stderrOf(exit))
	}
	var a events.Analysis
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatalf("stdout is not the analysis: %v", err)
	}
	if !strings.Contains(a.Verdict.VertexName, "arbitrary-stall") {
		t.Errorf("one-shot verdict: %s", a.Verdict.Headline)
	}
}
