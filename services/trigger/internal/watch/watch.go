// Package watch turns policies into requests: it knows which targets there are, and lets each source look for its reason
// again and again. Any number of replicas do the same; the sources see to it that one request comes of it.
package watch

import (
	"context"
	"log/slog"
	"time"

	"squirrly.dev/services/trigger/internal/fleet"
)

// Source is a reason to ask that has to be looked for.
type Source interface {
	// Turn asks for what is due, and returns when to come again; zero is whenever.
	Turn(ctx context.Context, now time.Time, members []fleet.Member) time.Time
}

// Watcher lets the sources look.
type Watcher struct {
	Fleet   *fleet.Fleet
	Sources []Source
	Changed func() uint64    // counts changes of the policies
	Refresh time.Duration    // between two looks at which targets there are
	Most    time.Duration    // between two turns
	Now     func() time.Time // nil is time.Now
	Logger  *slog.Logger
}

// Run watches until ctx ends.
func (w *Watcher) Run(ctx context.Context) error {
	now := w.Now
	if now == nil {
		now = time.Now
	}
	var refreshed time.Time
	var policies uint64
	for {
		at := now()
		if changed := w.Changed(); refreshed.IsZero() || changed != policies || at.Sub(refreshed) >= w.Refresh || at.Before(refreshed) {
			refreshed, policies = at, changed
			w.Fleet.Refresh(ctx)
		}
		pause := w.Most
		members := w.Fleet.Members()
		for _, s := range w.Sources {
			if next := s.Turn(ctx, at, members); !next.IsZero() {
				pause = min(pause, max(next.Sub(at), time.Millisecond))
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}
