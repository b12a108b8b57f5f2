package local

import (
	"context"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest/shipped"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/internal/run"
)

// TestUsers_Operator: what the command line asks and does is possible as its user.
func TestUsers_Operator(t *testing.T) {
	s := secure(t, shipped.Base)
	b := s.bus(natsusers.Operator)
	in, err := b.Inspect(t.Context(), bus.Topology{Channels: []string{"log", "nats"}, Subscribers: []string{"dashboard"}})
	s.must(err)
	for _, p := range append(in.Streams, in.Durables...) {
		if p.Problem != "" {
			t.Errorf("%s: %s", p.Name, p.Problem)
		}
	}
	runs := run.New(b)
	_, err = runs.Search(t.Context(), run.Query{Limit: 10})
	s.must(err)
	_, err = runs.OptOuts.List(t.Context())
	s.must(err)
	_, _, err = runs.Permits.WaitingOf(t.Context(), "r1")
	s.must(err)
	_, err = b.DeadLetters(t.Context(), 10)
	s.must(err)
	s.must(b.Cancel(t.Context(), "r1"))
	s.must(runs.Resume(t.Context(), natsusers.Collector, "r1"))
	ctx, stop := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer stop()
	watched, err := runs.WatchAll(ctx)
	s.must(err)
	for range watched { // there is nothing, until it ends
		t.Error("a record that nobody made")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.violations {
		t.Error(v)
	}
}
