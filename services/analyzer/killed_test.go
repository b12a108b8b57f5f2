package analyzer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/backends"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/llmtest"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// What a process of the test's binary that is an analyzer is told: its broker and its model.
const (
	brokerVariable = "SQUIRRLY_TEST_ANALYZER_NATS"
	modelVariable  = "SQUIRRLY_TEST_ANALYZER_LLM"
)

// maxAnswer is how many tokens an answer may have, in the process and in the test.
const maxAnswer = 2000

// TestMain is an analyzer instead of the tests, where it is told to be one.
func TestMain(m *testing.M) {
	if url := os.Getenv(brokerVariable); url != "" {
		fmt.Fprintln(os.Stderr, analyze(url, os.Getenv(modelVariable)))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// analyze is an analyzer that nothing but its death ends.
func analyze(broker, model string) error {
	ctx := context.Background()
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	b, err := bus.Connect(ctx, bus.Options{
		URL: broker, Name: "squirrly-analyzer", User: natsusers.Analyzer, Password: bustest.Password(natsusers.Analyzer), Logger: logger,
	})
	if err != nil {
		return err
	}
	store, err := backends.Store(ctx, b, artifact.S3Config{})
	if err != nil {
		return err
	}
	c := analyzer.LLMConfig{
		Provider: analyzer.ProviderOpenAI, BaseURL: model, Model: llmtest.Model, Key: daemon.Secret(llmtest.Key), MaxOutputTokens: maxAnswer,
	}
	c.Budget.RunTokens = 1_000_000
	s, err := analyzer.New(analyzer.Config{Slots: 1, Version: "test", LLM: c}, analyzer.Deps{Bus: b, Store: store, Logger: logger})
	if err != nil {
		return err
	}
	return s.Run(ctx)
}

// process starts an analyzer of its own. The returned function kills it with SIGKILL.
func process(t *testing.T, broker, model string) (kill func()) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), brokerVariable+"="+broker, modelVariable+"="+model)
	c.Stderr = t.Output()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	dead := false
	kill = func() {
		if dead {
			return
		}
		dead = true
		_ = c.Process.Kill()
		_ = c.Wait()
	}
	t.Cleanup(kill)
	return kill
}

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

// TestRun_KilledWhileAsking: the process is killed while the model thinks. The next one asks once more, what was reserved for
// the first question stays counted, and the result is told once. One that dies after the answer was kept asks nobody again.
func TestRun_KilledWhileAsking(t *testing.T) {
	servers, b := bustest.Cluster(t)
	store, err := backends.Store(t.Context(), b, artifact.S3Config{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Bus: b, t: t, store: store}
	asked, over := make(chan struct{}), make(chan struct{})
	server := llmtest.NewServer(func(http.ResponseWriter, llmtest.Request) { close(asked); <-over }, llmtest.Honest())
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(over) }) // before the server is closed

	kill := process(t, servers[0].ClientURL(), server.URL())
	w.captured(run1, sleepy(), nil)
	select {
	case <-asked:
	case <-time.After(time.Minute):
		t.Fatal("nobody was asked")
	}
	reserved := w.spent()
	kill()
	if got := w.spent(); reserved < maxAnswer || got != reserved {
		t.Errorf("%d tokens were reserved, %d are counted after the death", reserved, got)
	}

	kill = process(t, servers[1].ClientURL(), server.URL())
	rec, an := w.result(run1)
	if an.Degraded || rec.Answer == nil || len(server.Requests()) != 2 {
		t.Errorf("degraded %q, %d questions", an.DegradedWhy, len(server.Requests()))
	}
	w.until(run1, func(r run.Record) bool { return r.Owner == "" && w.settled() })
	if used, got := int64(an.Provenance.TokensIn+an.Provenance.TokensOut), w.spent(); used == 0 || got != reserved+used {
		t.Errorf("%d tokens are counted, want %d reserved and %d used", got, reserved, used)
	}
	if n := w.facts(orders.Subject(events.TypeRecommendationReady, run1)); n != 1 {
		t.Errorf("the result is told %d times", n)
	}

	kill()
	w.rewind(run1, func(r *run.Record) {
		r.State, r.Analysis, r.Evidence, r.Reports, r.FollowUps = events.StateAnalyzing, nil, nil, nil, nil
	})
	process(t, servers[2].ClientURL(), server.URL())
	if _, an := w.result(run1); an.Degraded || len(server.Requests()) != 2 {
		t.Errorf("after the answer was kept: degraded %q, %d questions", an.DegradedWhy, len(server.Requests()))
	}
}
