package chain_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/llmtest"
	"squirrly.dev/internal/report"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// secret is planted as the key of the LLM and in the context; it must never leave.
const secret = "hunter2-canary-5f1d"

// With a language model: an honest one explains, one that claims everything changes nothing, and one that talks nonsense or is down
// leaves the rules' result, marked degraded.
func TestLLM(t *testing.T) {
	var now atomic.Pointer[llmtest.Behaviour]
	set := func(b llmtest.Behaviour) { now.Store(&b) }
	server := llmtest.NewServer(func(w http.ResponseWriter, req llmtest.Request) { (*now.Load())(w, req) })
	t.Cleanup(server.Close)
	s := newStack(t, "OPENAI_API_KEY="+llmtest.Key, "OPENAI_BASE_URL="+server.URL(), "SQUIRRLY_LLM_MODEL="+llmtest.Model)
	c := startFlink(t, flinktest.Options{Profiling: true})
	runSample(t, c)
	for _, k := range []struct {
		name     string
		behave   llmtest.Behaviour
		degraded bool
	}{
		{"honest", llmtest.Honest(), false},
		{"claims everything", llmtest.Shotgun(), false},
		{"garbage", llmtest.Garbage(), true},
		{"refuses the key", llmtest.Failing(http.StatusUnauthorized, "invalid_api_key", "wrong key"), true},
	} {
		t.Run(k.name, func(t *testing.T) {
			s.t = t
			set(k.behave)
			rec := s.ask(t, `{"target":{"url":"`+c.URL+`"},"duration":"5s","context":[{"name":"app.properties","text":"db.password=`+secret+`\n"}]}`)
			if rec.State != events.StateAnalyzed {
				t.Fatalf("run is %s: %+v", rec.State, rec.Outcome)
			}
			a := s.analysis(t, rec)
			checkLLM(t, a, k.degraded)
			for _, r := range server.Requests() {
				if b, _ := json.Marshal(r); strings.Contains(string(b), secret) {
					t.Error("a secret was sent to the LLM")
				}
			}
		})
	}
	if p := server.Problems(); len(p) > 0 {
		t.Errorf("malformed requests: %v", p)
	}
}

func checkLLM(t *testing.T, a events.Analysis, degraded bool) {
	t.Helper()
	p := a.Provenance
	t.Logf("provider %s, claims %+v, %d tokens in; degraded %v %v", p.Provider, p.Claims, p.TokensIn, a.Degraded, a.DegradedWhy)
	if a.Degraded != degraded {
		t.Errorf("degraded %v, want %v: %v", a.Degraded, degraded, a.DegradedWhy)
	}
	if !strings.Contains(a.Verdict.VertexName, "arbitrary-stall") || len(a.Findings) == 0 || a.Findings[0].Rule != "A1" {
		t.Errorf("verdict %q and first finding changed", a.Verdict.Headline)
	}
	for _, f := range a.Findings {
		if f.Origin == events.OriginLLM && f.Proof != events.ProofSupported {
			t.Errorf("%s %s is said to be proven", f.ID, f.Title)
		}
	}
	var out bytes.Buffer
	if err := report.Markdown(&out, a, report.Options{}); err != nil {
		t.Fatal(err)
	}
	b := out.Bytes()
	if strings.Contains(string(b), secret) || strings.Contains(string(b), llmtest.Key) {
		t.Error("a secret is in the analysis")
	}
}

// analysis reads the stored analysis of a run out of MinIO.
func (s *stack) analysis(t *testing.T, rec run.Record) events.Analysis {
	t.Helper()
	store, err := artifact.OpenS3(s.s3())
	if err != nil {
		t.Fatal(err)
	}
	const most = 16 << 20
	body, err := store.Get(t.Context(), *rec.Analysis, most)
	if err != nil {
		t.Fatal(err)
	}
	var a events.Analysis
	if err := json.Unmarshal(body, &a); err != nil {
		t.Fatal(err)
	}
	return a
}
