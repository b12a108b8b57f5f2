package llm_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"squirrly.dev/internal/llmtest"
	"squirrly.dev/services/analyzer/internal/llm"
)

// TestBreaker opens after consecutive failures, and closes after one probe that works.
func TestBreaker(t *testing.T) {
	down := llmtest.Failing(http.StatusServiceUnavailable, "overloaded", "busy")
	s := llmtest.NewServer(llmtest.RateLimited(0), llmtest.Garbage(), down, llmtest.RateLimited(0), down, llmtest.Fixed(object))
	p := llm.Breaking(provider(t, llm.OpenAI, s, func(c *llm.Config) { c.Attempts = 1 }),
		llm.Breaker{Failures: 3, Pause: 300 * time.Millisecond})
	ask := func() error {
		_, err := p.Complete(t.Context(), request)
		return err
	}
	for i, want := range []error{
		llm.ErrRateLimited, llm.ErrBadOutput, llm.ErrUnavailable, llm.ErrRateLimited, llm.ErrUnavailable, // the third in a row
		llm.ErrOpen, llm.ErrOpen,
	} {
		if err := ask(); !errors.Is(err, want) {
			t.Fatalf("question %d: %v, want %v", i, err, want)
		}
	}
	if n := len(s.Requests()); n != 5 {
		t.Errorf("%d requests, an open breaker lets none through", n)
	}
	if llm.Temporary(llm.ErrOpen) || !llm.NoAnswer(llm.ErrOpen) {
		t.Error("an open breaker is waited for, or is taken for a bad answer")
	}
	for ask() != nil { // until the pause is over
		time.Sleep(20 * time.Millisecond)
	}
	if err := ask(); err != nil {
		t.Errorf("after the probe: %v", err)
	}
	if n := len(s.Requests()); n != 7 {
		t.Errorf("%d requests, want the probe and one more", n)
	}
}

// TestBreakerProbeFails leaves the provider alone for another while.
func TestBreakerProbeFails(t *testing.T) {
	down := llmtest.Failing(http.StatusServiceUnavailable, "overloaded", "busy")
	s := llmtest.NewServer(down)
	p := llm.Breaking(provider(t, llm.OpenAI, s, func(c *llm.Config) { c.Attempts = 1 }),
		llm.Breaker{Failures: 1, Pause: 50 * time.Millisecond})
	for len(s.Requests()) < 3 {
		before := len(s.Requests())
		_, err := p.Complete(t.Context(), request)
		if asked := len(s.Requests()) > before; asked != errors.Is(err, llm.ErrUnavailable) || asked == errors.Is(err, llm.ErrOpen) {
			t.Fatalf("asked %t: %v", asked, err)
		}
	}
}

// TestBreakerGivenUp: runs that end say nothing about the provider.
func TestBreakerGivenUp(t *testing.T) {
	s := llmtest.NewServer(llmtest.Fixed(object))
	p := llm.Breaking(provider(t, llm.OpenAI, s, nil), llm.Breaker{Failures: 1, Pause: time.Hour})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 {
		if _, err := p.Complete(ended, request); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if _, err := p.Complete(t.Context(), request); err != nil {
		t.Errorf("ended runs opened the breaker: %v", err)
	}
}
