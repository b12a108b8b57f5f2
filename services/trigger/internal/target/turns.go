package target

import (
	"context"
	"sync"
)

// turns lets a number of requests ask at a time. Those that wait are let in by requester in turn, so that whoever asks
// for much delays nobody who asks for little.
type turns struct {
	mu      sync.Mutex
	free    int
	waiting map[string][]chan struct{} // by requester, first come first
	order   []string                   // requesters that wait; the first is next
}

func newTurns(most int) *turns { return &turns{free: most, waiting: map[string][]chan struct{}{}} }

// enter waits for a turn. Its error is that of ctx.
func (t *turns) enter(ctx context.Context, who string) error {
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		t.mu.Unlock()
		return nil
	}
	let := make(chan struct{})
	if len(t.waiting[who]) == 0 {
		t.order = append(t.order, who)
	}
	t.waiting[who] = append(t.waiting[who], let)
	t.mu.Unlock()
	select {
	case <-let:
		return nil
	case <-ctx.Done():
		return t.giveUp(ctx, who, let)
	}
}

// giveUp leaves the queue, or hands on a turn that came at the last moment.
func (t *turns) giveUp(ctx context.Context, who string, let chan struct{}) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, other := range t.waiting[who] {
		if other == let {
			t.waiting[who] = append(t.waiting[who][:i:i], t.waiting[who][i+1:]...)
			return context.Cause(ctx) //nolint:wrapcheck // the cause is the caller's own.
		}
	}
	t.next()
	return context.Cause(ctx) //nolint:wrapcheck // the cause is the caller's own.
}

// leave ends a turn.
func (t *turns) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next()
}

// next gives a turn that has become free to the requester whose turn it is.
func (t *turns) next() {
	for len(t.order) > 0 {
		who := t.order[0]
		t.order = t.order[1:]
		queue := t.waiting[who]
		if len(queue) == 0 {
			delete(t.waiting, who)
			continue
		}
		if t.waiting[who] = queue[1:]; len(queue) > 1 {
			t.order = append(t.order, who)
		}
		close(queue[0])
		return
	}
	t.free++
}
