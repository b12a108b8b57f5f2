package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
)

const maxNote = 400 // bytes of an error in a record

// finish publishes the payload and writes the record. Order matters: artifact (by the handler) → event → record →
// acknowledgement.
func (c *Claim) finish(ctx context.Context, p events.Payload) error {
	rec := c.Record()
	e, err := rec.Event(c.step.Service, p)
	if err != nil {
		return bus.Permanent(events.CodeInternal, err)
	}
	if c.step.Done.Terminal() {
		return c.finishRun(ctx, e)
	}
	if err := c.Check(ctx); err != nil {
		return c.ignoreIfAdvanced(ctx, err)
	}
	if err := c.runs.bus.PublishFact(ctx, rec.Plan.Identity.Subject(p.EventType(), c.run), e); err != nil {
		return err
	}
	err = c.Mutate(ctx, func(r *Record) error {
		r.State, r.Step = c.step.Done, ""
		r.Crashes, r.Attempts = 0, 0
		r.Note("%s: %s", c.step.Service, c.step.Done)
		r.release()
		return nil
	})
	return c.ignoreIfAdvanced(ctx, err)
}

// finishRun ends a run with its result. The event goes into the record as the intended end before it is published, as
// that of a failure does: a run has one end, whichever of the two was written first.
func (c *Claim) finishRun(ctx context.Context, e events.Event) error {
	err := c.Mutate(ctx, func(r *Record) error {
		r.Ending, r.Result = c.step.Done, &e
		return nil
	})
	if err != nil {
		return c.ignoreIfAdvanced(ctx, err)
	}
	return c.publishEnd(ctx)
}

// publishEnd carries the intended end of the run through.
func (c *Claim) publishEnd(ctx context.Context) error {
	rec, err := c.runs.publishEnd(ctx, c.Record())
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rec = rec
	return nil
}

// ignoreIfAdvanced turns "superseded" into success when the run is already beyond this step: the next service was faster.
func (c *Claim) ignoreIfAdvanced(ctx context.Context, err error) error {
	if !errors.Is(err, ErrSuperseded) {
		return err
	}
	if rec, readErr := c.runs.Get(ctx, c.run); readErr == nil && rec.State.Reached(c.step.Done) {
		return nil
	}
	return err
}

// wait gives the run up until later, and reports whether it does so for the first time for this reason. Past the deadline it
// fails instead.
func (c *Claim) wait(ctx context.Context, f *bus.Fault) (isNew bool, err error) {
	deadline := c.Record().Plan.Deadline
	next := time.Now().Add(f.After)
	if next.After(deadline) {
		return false, bus.Permanent(events.CodeDeadlineExceeded, fmt.Errorf("not done by %s; last waited for %s: %w",
			deadline.UTC().Format(time.RFC3339), f.Code, f.Unwrap()))
	}
	err = c.Mutate(ctx, func(r *Record) error {
		r.Attempts++
		r.NotBefore, r.WaitsFor = next.UTC(), f.Code
		isNew = r.NoteOnce("%s waits %s: %s", c.step.Service, f.After.Round(time.Second), bus.OneLine(f.Error(), maxNote))
		r.release()
		return nil
	})
	return isNew, err
}

// handBack releases the run without an outcome of its own, because this process stops.
func (c *Claim) handBack(ctx context.Context) error {
	return c.Mutate(ctx, func(r *Record) error {
		r.Note("%s: handed back, the service stops", c.step.Service)
		r.release()
		return nil
	})
}

// crashed counts a panic and releases the run.
func (c *Claim) crashed(ctx context.Context, value any) error {
	return c.Mutate(ctx, func(r *Record) error {
		r.Crashes++
		r.Note("%s: %s", c.step.Service, bus.OneLine(fmt.Sprintf("panic: %v", value), maxNote))
		r.release()
		return nil
	})
}

// end ends the run in failure or by cancelling, as long as this claim owns it.
func (c *Claim) end(ctx context.Context, state events.State, code events.Code, why error) error {
	return c.runs.End(ctx, End{
		Run: c.run, State: state, Code: code, Why: why, Step: c.step.Service,
		Allowed: func(r *Record) error {
			if r.Owner != c.owner {
				return ErrSuperseded
			}
			return nil
		},
	})
}
