package budget_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/llmtest"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/llm"
	"squirrly.dev/services/analyzer/internal/llm/budget"
)

const maxOutput = 1000

var (
	noon    = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	request = llm.Request{
		System: "Answer in JSON.", Messages: []llm.Message{{Role: llm.RoleUser, Text: "What holds the job back?"}},
		SchemaName: claim.SchemaName, Schema: claim.Schema(), Run: "one",
	}
	prices = llm.Prices{Models: map[string]llm.Price{llmtest.Model: {Rate: llm.Rate{Input: 10, Output: 100}}}}
)

// books are the two kinds of book, empty.
func books(t *testing.T) map[string]budget.Book {
	t.Helper()
	return map[string]budget.Book{"memory": &budget.Memory{}, "bucket": budget.Shared(bustest.As(t, bustest.Start(t), natsusers.Analyzer))}
}

// asking returns a stand-in and a provider of it within limits.
func asking(t *testing.T, limits budget.Limits, book budget.Book, behaviours ...llmtest.Behaviour) (*llmtest.Server, llm.Provider) {
	t.Helper()
	s := llmtest.NewServer(behaviours...)
	t.Cleanup(s.Close)
	p, err := llm.New(llm.Config{
		BaseURL: s.URL(), Model: llmtest.Model, Key: llmtest.Key, Attempts: 1, MaxOutputTokens: maxOutput, Timeout: 20 * time.Second,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, budget.Provider(llm.Priced(p, prices, llmtest.Model), budget.Options{
		Limits: limits, Book: book, Prices: prices, Model: llmtest.Model, MaxOutput: maxOutput, Now: func() time.Time { return noon },
	})
}

// sum reads a book.
func sum(t *testing.T, b budget.Book, key string) budget.Sum {
	t.Helper()
	var got budget.Sum
	if err := b.Change(t.Context(), key, func(s budget.Sum) (budget.Sum, error) { got = s; return s, nil }); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestSettled counts what was used, not what was reserved.
func TestSettled(t *testing.T) {
	for name, book := range books(t) {
		_, p := asking(t, budget.Limits{RunTokens: 1e6, DayUSD: 10}, book, llmtest.Fixed("{}"))
		want := budget.Sum{}
		for range 3 {
			resp, err := p.Complete(t.Context(), request)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			want.Tokens += int64(resp.Usage.In + resp.Usage.Out)
			want.USD += *resp.CostUSD
		}
		for _, key := range []string{"run.one", "day.2026-11-23"} {
			if got := sum(t, book, key); got.Tokens != want.Tokens || math.Abs(got.USD-want.USD) > 1e-9 {
				t.Errorf("%s: %s has %+v, want %+v", name, key, got, want)
			}
		}
	}
}

// TestUsedUp refuses before it asks, and says which variable to change; another run and another day go on.
func TestUsedUp(t *testing.T) {
	for variable, limits := range map[string]budget.Limits{
		budget.OfRun: {RunTokens: 3000}, budget.OfDay: {DayTokens: 3000}, budget.USDOfDay: {DayUSD: 0.2},
	} {
		for name, book := range books(t) {
			s, p := asking(t, limits, book, llmtest.Fixed("{}"))
			req := request
			req.Run = variable
			var err error
			for i := 0; err == nil && i < 100; i++ {
				_, err = p.Complete(t.Context(), req)
			}
			var refusal *budget.Refusal
			if !errors.As(err, &refusal) || !errors.Is(err, budget.ErrRefused) || !strings.Contains(refusal.Sentence, variable+"=") {
				t.Fatalf("%s, %s: %v", name, variable, err)
			}
			n := len(s.Requests())
			if n == 0 {
				t.Errorf("%s, %s: the first question was refused", name, variable)
			}
			req.Run = "another"
			if _, err := p.Complete(t.Context(), req); (err == nil) != (variable == budget.OfRun) {
				t.Errorf("%s, %s: another run: %v", name, variable, err)
			}
		}
	}
}

// TestUnasked takes a reservation back when no model read the question, and keeps it when nobody knows.
func TestUnasked(t *testing.T) {
	for name, c := range map[string]struct {
		behaviour llmtest.Behaviour
		counted   bool
	}{
		"overloaded":  {llmtest.Failing(http.StatusServiceUnavailable, "overloaded", "busy"), false},
		"wrong key":   {llmtest.WrongKey(), false},
		"malformed":   {llmtest.Failing(http.StatusBadRequest, "invalid_request_error", "no"), false},
		"gateway":     {llmtest.Failing(http.StatusGatewayTimeout, "timeout", "late"), true},
		"hung up":     {llmtest.HangUp(), true},
		"no choices":  {llmtest.NoChoices(), true},
		"bad answer":  {llmtest.Garbage(), true},
		"not an API":  {llmtest.Body(`[]`), true},
		"half answer": {llmtest.Truncated(), true},
	} {
		book := &budget.Memory{}
		_, p := asking(t, budget.Limits{DayTokens: 1e6}, book, c.behaviour)
		if _, err := p.Complete(t.Context(), request); err == nil {
			t.Fatalf("%s: no error", name)
		}
		if got := sum(t, book, "day.2026-11-23"); (got.Tokens > 0) != c.counted || (got.USD > 0) != c.counted {
			t.Errorf("%s: %+v is counted", name, got)
		}
	}
}

// TestCrash: what was reserved by a process that died stays counted.
func TestCrash(t *testing.T) {
	book := &budget.Memory{}
	_, p := asking(t, budget.Limits{DayTokens: 1e6}, book, llmtest.Fixed("{}"))
	crashing := budget.Provider(dying{p}, budget.Options{
		Limits: budget.Limits{DayTokens: 1e6}, Book: book, MaxOutput: maxOutput, Now: func() time.Time { return noon },
	})
	func() {
		defer func() { _ = recover() }()
		_, _ = crashing.Complete(t.Context(), request)
	}()
	if got := sum(t, book, "day.2026-11-23"); got.Tokens < maxOutput {
		t.Errorf("%+v is counted", got)
	}
}

type dying struct{ llm.Provider }

func (dying) Complete(context.Context, llm.Request) (llm.Response, error) { panic("killed") }

// TestUnknownPrice asks nobody when a budget of money cannot be kept.
func TestUnknownPrice(t *testing.T) {
	s, p := asking(t, budget.Limits{}, nil, llmtest.Fixed("{}"))
	p = budget.Provider(p, budget.Options{Limits: budget.Limits{DayUSD: 1}, Book: &budget.Memory{}, Model: "our-model"})
	_, err := p.Complete(t.Context(), request)
	if !errors.Is(err, budget.ErrRefused) || !strings.Contains(err.Error(), "SQUIRRLY_LLM_PRICES") || !strings.Contains(err.Error(), "our-model") {
		t.Errorf("error %v", err)
	}
	if n := len(s.Requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// TestUncounted asks nobody when the bucket is gone.
func TestUncounted(t *testing.T) {
	b := bustest.Start(t)
	if err := bustest.JetStream(b).DeleteKeyValue(t.Context(), "SQUIRRLY_SPENDING"); err != nil {
		t.Fatal(err)
	}
	s, p := asking(t, budget.Limits{RunTokens: 1e6}, budget.Shared(bustest.As(t, b, natsusers.Analyzer)), llmtest.Fixed("{}"))
	_, err := p.Complete(t.Context(), request)
	if !errors.Is(err, budget.ErrRefused) || !strings.Contains(err.Error(), budget.OfRun) || len(s.Requests()) != 0 {
		t.Errorf("error %v, %d requests", err, len(s.Requests()))
	}
}

// TestRace lets two analyzers with connections of their own spend one budget: together they never exceed it.
func TestRace(t *testing.T) { race(t, bustest.Start(t)) }

// TestRaceInCluster is the same with a replicated bucket, whose conflicts look different.
func TestRaceInCluster(t *testing.T) {
	_, b := bustest.Cluster(t)
	race(t, b)
}

func race(t *testing.T, b *bus.Bus) {
	t.Helper()
	const most = 20_000
	var wg sync.WaitGroup
	var servers []*llmtest.Server
	for range 2 {
		conn := bustest.As(t, b, natsusers.Analyzer)
		s, p := asking(t, budget.Limits{DayTokens: most}, budget.Shared(conn), llmtest.Fixed("{}"))
		servers = append(servers, s)
		for range 8 {
			wg.Go(func() {
				for {
					if _, err := p.Complete(t.Context(), request); err != nil {
						if !errors.Is(err, budget.ErrRefused) {
							t.Error(err)
						}
						return
					}
				}
			})
		}
	}
	wg.Wait()
	got := sum(t, budget.Shared(b), "day.2026-11-23")
	asked := slices.Concat(servers[0].Requests(), servers[1].Requests())
	billed := int64(0)
	for _, r := range asked {
		billed += int64(r.Tokens()) + 500 // of its answer
	}
	if len(asked) < 2 || got.Tokens > most || got.Tokens != billed {
		t.Errorf("%d requests of %d tokens, %+v is counted", len(asked), billed, got)
	}
}
