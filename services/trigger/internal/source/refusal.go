package source

import (
	"context"
	"errors"
	"fmt"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// Code says which rule of a policy a request breaks.
type Code string

// The rules.
const (
	Quiet    Code = "quiet"    // the policy's quiet hours
	Cooldown Code = "cooldown" // the last request for the target is too fresh
	Budget   Code = "budget"   // the day's profiled time is used up
	OwnDoing Code = "own"      // it descends from a run, or began while one profiled
)

// Refusal is why a request is not made.
type Refusal struct {
	Code  Code
	Why   string    // for people
	Until time.Time // after which it may be made; zero is never
}

// Error implements error.
func (r *Refusal) Error() string { return r.Why }

// Refused returns the refusal in an error, or nil.
func Refused(err error) *Refusal {
	r, _ := errors.AsType[*Refusal](err)
	return r
}

// settle is how long after a profile its target may still be busy with it.
const settle = 5 * time.Minute

// ownDoing refuses what began while a run of a policy profiled the target, or a short time after: to be profiled costs a job
// something, and a TaskManager may die of it. Clocks of several machines are compared here, so the window is wide.
func (g *Gate) ownDoing(ctx context.Context, a Ask) error {
	if a.Began.IsZero() {
		return nil
	}
	e, err := g.Ledgers.Get(ctx, LedgerKey(a.Target.Key()))
	if err != nil {
		return ignoreMissing(err)
	}
	const most = 3 // runs: one that was asked for later than it began is none of them
	asked := e.Value.Asked
	for i, looked := len(asked)-1, 0; i >= 0 && looked < most; i-- {
		if asked[i].At.After(a.Began) {
			continue
		}
		looked++
		rec, err := g.Records.Get(ctx, asked[i].Run)
		if errors.Is(err, run.ErrNoRecord) {
			continue
		}
		if err == nil {
			err = ownDoing(rec, a.Began)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ownDoing is a [*Refusal] for what began while a run was under way or shortly after.
func ownDoing(rec run.Record, began time.Time) error {
	end := rec.Updated.Add(settle)
	switch {
	case began.Before(rec.Created), rec.State == events.StateRejected:
		return nil
	case !rec.State.Terminal():
		return &Refusal{Code: OwnDoing, Why: fmt.Sprintf("it began while run %s profiled the job", rec.Run)}
	case began.Before(end):
		return &Refusal{Code: OwnDoing, Why: fmt.Sprintf("it began while run %s profiled the job, or within %s after", rec.Run, settle)}
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, bus.ErrNotFound) {
		return nil
	}
	return err
}
