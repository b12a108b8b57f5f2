package run

import (
	"context"
	"errors"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/panics"
	"squirrly.dev/pkg/events"
)

// Handler does one step of one run and returns the payload of the event that tells of it. The context ends when the
// run is cancelled, superseded or past its deadline, or when the service stops. A panic of a goroutine that it starts has
// to come back to it, by a [panics.Group].
type Handler func(ctx context.Context, c *Claim) (events.Payload, error)

const (
	// noRecordFor is how long a fact may be older than its record before it is a dead letter, and noRecordTimes how often
	// the record is looked for at least.
	noRecordFor   = time.Minute
	noRecordTimes = 11
	lookAgain     = 3 * time.Second
	settleTime    = 20 * time.Second
)

// Work handles the deliveries of a step in the given number of slots until ctx ends. It waits for the streams to be
// provisioned.
func (r *Runs) Work(ctx context.Context, s Step, slots int, h Handler) error {
	process, release := r.hold(ctx, s.Service)
	defer release()
	w := worker{runs: r, step: s, handle: h, process: process}
	return r.bus.Consume(ctx, bus.Consumer{Stream: events.StreamEvents, Durable: s.Service, Slots: slots}, w.deliver)
}

// worker drives one step.
type worker struct {
	runs    *Runs
	step    Step
	handle  Handler
	process string // key of its lease
}

// deliver handles one delivery from claim to settlement.
func (w worker) deliver(ctx context.Context, d bus.Delivery) bus.Result {
	e, run, err := decode(d)
	if err != nil {
		return bus.Dead(events.CodeUndecodable, err)
	}
	c, err := w.runs.claim(ctx, w.step, run, e, d, w.process)
	switch {
	case err == nil:
	case errors.Is(err, errBeyond):
		return w.complete(ctx, c, "done_before")
	case errors.Is(err, errEnding):
		if err := c.publishEnd(ctx); err != nil {
			return bus.Again("ended", lookAgain, err)
		}
		return w.complete(ctx, c, "ended")
	case errors.Is(err, errCrash):
		return w.fail(ctx, c, &bus.Fault{Code: events.CodeCrashLoop, Err: err})
	case errors.Is(err, ErrNoRecord) && d.Number >= noRecordTimes && time.Since(d.Stored) > noRecordFor:
		return bus.Dead(events.CodeNoRecord, err)
	case errors.Is(err, errBusy):
		return bus.Again("busy", d.AckWait, nil)
	default:
		return bus.Again("unreadable", lookAgain, err)
	}
	p, err := w.attempt(ctx, c, d)
	return w.settle(ctx, c, p, err)
}

// decode returns the event of a delivery, none when it is a resume, and its run.
func decode(d bus.Delivery) (events.Event, string, error) {
	if run := d.Header.Get(events.HeaderRun); len(d.Body) == 0 && run != "" {
		return events.Event{}, run, nil
	}
	e, err := events.DecodeEvent(d.Body)
	if err != nil {
		return e, "", err
	}
	if e.RunID == "" {
		return e, "", errors.New("event without a runid")
	}
	return e, e.RunID, nil
}

// attempt runs the handler under the deadline, and as long as the run is its own.
func (w worker) attempt(ctx context.Context, c *Claim, d bus.Delivery) (p events.Payload, err error) {
	ctx, cancel := context.WithDeadlineCause(ctx, c.Record().Plan.Deadline,
		bus.Permanent(events.CodeDeadlineExceeded, errors.New("the run did not finish before its deadline")))
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	d.BeforeHeartbeat(func(beat context.Context) error {
		err := c.Check(beat)
		if errors.Is(err, ErrSuperseded) || errors.Is(err, ErrCancelled) {
			stop(err)
		}
		return err
	})
	err = panics.Catch(func() error {
		var err error
		p, err = w.handle(ctx, c)
		return err
	})
	if _, crash := errors.AsType[*panics.Error](err); crash {
		return nil, err
	}
	if cause := context.Cause(ctx); err != nil && ctx.Err() != nil && cause != nil {
		err = cause
	}
	return p, err
}

// settle turns the result of a handler into event, record and what becomes of the delivery.
func (w worker) settle(stopping context.Context, c *Claim, p events.Payload, err error) bus.Result {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(stopping), settleTime)
	defer cancel()
	if err == nil {
		if err = c.finish(ctx, p); err == nil {
			return w.complete(ctx, c, "done")
		}
	}
	crash, panicked := errors.AsType[*panics.Error](err)
	switch {
	case errors.Is(err, ErrSuperseded):
		return bus.Leave("superseded", nil)
	case errors.Is(err, ErrCancelled):
		return ended("cancelled", c.end(ctx, events.StateCancelled, events.CodeCancelled, ErrCancelled))
	case panicked:
		const again = 2 * time.Second
		return bus.Again("panic", again, errors.Join(err, c.crashed(ctx, crash.Value)))
	case stopping.Err() != nil:
		return bus.Again("handed_back", time.Second, errors.Join(err, c.handBack(ctx)))
	}
	f := bus.AsFault(err, c.Record().Attempts)
	if f.Final {
		return w.fail(ctx, c, f)
	}
	isNew, err := c.wait(ctx, f)
	switch {
	case err == nil && isNew:
		return bus.Waiting("waits", f)
	case err == nil: // said before: the log has no other line about it
		return bus.WaitingStill("waits")
	}
	if final, ok := errors.AsType[*bus.Fault](err); ok && final.Final {
		return w.fail(ctx, c, final)
	}
	return bus.Leave("wait_failed", errors.Join(f, err))
}

// complete does what comes after a step, and acknowledges its delivery. When that fails, the delivery comes again.
func (w worker) complete(ctx context.Context, c *Claim, outcome string) bus.Result {
	err := w.step.completeStep(ctx, c.Record())
	if later, ok := errors.AsType[Later](err); ok {
		return bus.Again(outcome, time.Duration(later), nil)
	}
	if err != nil {
		return bus.Again(outcome, lookAgain, err)
	}
	return bus.Done(outcome)
}

// fail ends the run and keeps the message as a dead letter.
func (w worker) fail(ctx context.Context, c *Claim, f *bus.Fault) bus.Result {
	if err := c.end(ctx, events.StateFailed, f.Code, f); err != nil {
		return bus.Leave("failed", errors.Join(f, err))
	}
	r := bus.Dead(f.Code, f)
	r.Outcome = "failed"
	return r
}

// ended acknowledges the delivery of a run that was ended. When that failed, the delivery comes again.
func ended(outcome string, err error) bus.Result {
	if err != nil {
		return bus.Again(outcome, lookAgain, err)
	}
	return bus.Done(outcome)
}
