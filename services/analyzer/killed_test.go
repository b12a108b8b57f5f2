package analyzer_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/llmtest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// spent is what the budget of run1 has counted, in tokens.
func (w *world) spent() int64 {
	w.t.Helper()
	bucket, err := bustest.JetStream(w.Bus).KeyValue(w.t.Context(), "SQUIRRLY_SPENDING")
	if err != nil {
		w.t.Fatal(err)
	}
	entry, err := bucket.Get(w.t.Context(), "run."+events.Token(run1))
	if err != nil {
		w.t.Fatal(err)
	}
	var sum struct{ Tokens int64 }
	if err := json.Unmarshal(entry.Value(), &sum); err != nil {
		w.t.Fatal(err)
	}
	return sum.Tokens
}

// A worker that dies between a question and its result has paid for nothing: the next one asks once more, and what was reserved
// for the first question stays counted. One that dies later asks nobody.
func TestRun_KilledWhileAsking(t *testing.T) {
	const maxOutput, budget = 2000, 1_000_000
	w, out := newWorld(t), &log{}
	asked, over := make(chan struct{}), make(chan struct{})
	server := llmtest.NewServer(func(http.ResponseWriter, llmtest.Request) { close(asked); <-over }, llmtest.Honest())
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(over) }) // before the server is closed
	limits := func(c *analyzer.LLMConfig) { c.MaxOutputTokens, c.Budget.RunTokens = maxOutput, budget }
	stop := w.serveWith(server, out, limits)
	w.captured(run1, sleepy(), nil)
	select {
	case <-asked:
	case <-time.After(time.Minute):
		t.Fatal("nobody was asked")
	}
	reserved := w.spent()
	stop()
	if got := w.spent(); reserved < maxOutput || got != reserved {
		t.Errorf("%d tokens were reserved, %d are counted after the death", reserved, got)
	}

	stop = w.serveWith(server, out, limits)
	rec, an := w.result(run1)
	if an.Degraded || rec.Answer == nil || len(server.Requests()) != 2 {
		t.Errorf("degraded %q, %d requests", an.DegradedWhy, len(server.Requests()))
	}
	used := int64(an.Provenance.TokensIn + an.Provenance.TokensOut)
	w.until(run1, func(r run.Record) bool { return r.Owner == "" && w.settled() })
	stop()
	if got := w.spent(); used == 0 || got != reserved+used {
		t.Errorf("%d tokens are counted, want %d reserved and %d used", got, reserved, used)
	}

	w.rewind(run1, func(r *run.Record) {
		r.State, r.Analysis, r.Evidence, r.Reports, r.FollowUps = events.StateAnalyzing, nil, nil, nil, nil
	})
	w.serveWith(server, out, limits)
	if _, an := w.result(run1); an.Degraded || len(server.Requests()) != 2 {
		t.Errorf("after the answer was kept: degraded %q, %d requests", an.DegradedWhy, len(server.Requests()))
	}
}
