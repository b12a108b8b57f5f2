// Package watch turns policies into requests: it knows which targets there are, and lets each source look for its reason
// again and again. Any number of replicas do the same; the sources see to it that one request comes of it.
package watch

import (
	"context"
	"sync"
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
	Most    time.Duration    // between two turns of a source
	Now     func() time.Time // nil is time.Now
}

// Run watches until ctx ends. Each source has its own pace, so that one which waits for others holds up none.
func (w *Watcher) Run(ctx context.Context) {
	if w.Now == nil {
		w.Now = time.Now
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	policies := w.Changed()
	w.Fleet.Refresh(ctx)
	for _, s := range w.Sources {
		wg.Go(func() { w.turns(ctx, s) })
	}
	for refreshed := w.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(w.Most, w.Refresh)):
		}
		at := w.Now()
		if changed := w.Changed(); changed != policies || at.Sub(refreshed) >= w.Refresh || at.Before(refreshed) {
			policies, refreshed = changed, at
			w.Fleet.Refresh(ctx)
		}
	}
}

// turns lets one source look again and again.
func (w *Watcher) turns(ctx context.Context, s Source) {
	for ctx.Err() == nil {
		at := w.Now()
		pause := w.Most
		if next := s.Turn(ctx, at, w.Fleet.Members()); !next.IsZero() {
			const least = 10 * time.Millisecond
			pause = min(pause, max(next.Sub(w.Now()), least))
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}
