package intake

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// fullError says that a request has to wait for a permit.
type fullError struct {
	pool string
	most int
}

// Error implements error.
func (e *fullError) Error() string {
	return fmt.Sprintf("%d profiles are under way in %s, as many as there may be", e.most, e.pool)
}

// permit takes the permit of a plan, and returns its pool. Without one, the target is free for others meanwhile.
func (in *Intake) permit(ctx context.Context, req request, plan events.Plan) (string, error) {
	pool, most := in.Limits.AtATime.pool(plan.Identity)
	if pool == "" {
		return "", nil
	}
	if req.inBackground() {
		most = forBackground(most)
	}
	took, err := in.Permits.Take(ctx, pool, most, plan.Run)
	if took {
		return pool, nil
	}
	if err == nil {
		err = &fullError{pool: pool, most: most}
	}
	return "", errors.Join(err, in.Targets.Release(ctx, plan.Identity.Key(), plan.Run))
}

// tellWaits tells whoever waits for a run what it waits for.
func (in *Intake) tellWaits(ctx context.Context, req request, wait *fullError) {
	in.Logger.InfoContext(ctx, "a request waits for a permit", "run", req.run, "pool", wait.pool, "at_a_time", wait.most)
	w := run.Waiting{Run: req.run, Pool: wait.pool, AtATime: wait.most, Since: time.Now().UTC()}
	if err := in.Permits.NoteWaiting(ctx, w); err != nil {
		in.Logger.WarnContext(ctx, "nobody can see that a request waits", "run", req.run, "error", err)
	}
}

// tellWaited takes back that a request waits, if it did and has a record now.
func (in *Intake) tellWaited(ctx context.Context, req request, did bool) {
	if !did {
		return
	}
	if err := in.Permits.Waited(ctx, req.run); err != nil {
		in.Logger.WarnContext(ctx, "a request is still said to wait", "run", req.run, "error", err)
	}
}

// await waits until there seems to be a permit, or until the request expires.
func (in *Intake) await(ctx context.Context, wait *fullError, expires time.Time) error {
	const often = 500 * time.Millisecond
	for {
		if err := pause(ctx, often/2+rand.N(often)); err != nil { //nolint:gosec // spreads load, hides nothing.
			return err
		}
		free, err := in.Permits.Free(ctx, wait.pool, wait.most)
		if err != nil || free > 0 || !expires.IsZero() && time.Now().After(expires) {
			return err
		}
	}
}

// putBack is when a request of the background is looked at again that found no permit.
func putBack(delivery uint64) time.Duration {
	const first, most = 15 * time.Second, 2 * time.Minute
	after := min(time.Duration(min(delivery, 100))*first, most)
	return after + rand.N(first) //nolint:gosec // spreads load, hides nothing.
}

// full is what requests in the background found full last. It is safe for concurrent use.
type full struct {
	mu   sync.Mutex
	wait *fullError
}

func (f *full) note(wait *fullError) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wait = wait
}

func (f *full) last() *fullError {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wait
}

// Gate says how many requests of the background are worth looking at now, for [bus.Background]: as many as there are
// permits. Those of other pools may be behind them, so one is looked at now and then however full it is.
func (in *Intake) Gate(ctx context.Context) (int, error) {
	const many, some, pace, look = 64, 8, 250 * time.Millisecond, 15 * time.Second
	if len(in.Limits.AtATime) == 0 {
		return many, nil
	}
	if err := pause(ctx, pace); err != nil {
		return 0, err
	}
	for until := time.Now().Add(look); ; {
		wait := in.background.last()
		if wait == nil {
			return some, nil
		}
		free, err := in.Permits.Free(ctx, wait.pool, wait.most)
		if err != nil || free > 0 {
			return free, err
		}
		if len(in.Limits.AtATime) > 1 || time.Now().After(until) {
			return 1, nil
		}
		if err := pause(ctx, time.Second); err != nil {
			return 0, err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx) //nolint:wrapcheck // the cause is the caller's own.
	}
}
