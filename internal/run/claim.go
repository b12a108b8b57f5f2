package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
)

// maxCrashes is how many owners of one step may die of it before the run is given up.
const maxCrashes = 5

// Step is one service's part of a run.
type Step struct {
	Service string       // also the name of its durable
	Working events.State // while it works
	Done    events.State // when it is through

	// After is called with the record when a run is through this step, before its delivery is acknowledged; nil is
	// nothing. It comes again when the process dies in between, and when the delivery comes again; and later, without an
	// alarm, when its error is a [Later].
	After func(ctx context.Context, rec Record) error
}

// Later is the error of a [Step.After] for which it is too early: how long it has to wait. Its delivery comes again then, and
// keeps no slot meanwhile.
type Later time.Duration

// Error implements error.
func (l Later) Error() string { return "not before " + time.Duration(l).String() }

// completeStep does what is left to do when a run is through a step.
func (s Step) completeStep(ctx context.Context, rec Record) error {
	beyond := !s.Done.Terminal() && rec.State.Reached(s.Done)
	if s.After == nil || rec.State != s.Done && !beyond {
		return nil
	}
	return s.After(ctx, rec)
}

// Claim is one worker's hold on a run while it handles a delivery. It is safe for concurrent use.
type Claim struct {
	Event events.Event // the fact that started this step; empty when the run is resumed

	runs  *Runs
	step  Step
	owner string
	run   string

	writing chan struct{} // holds one while the record is written, so that who waits for it can give up

	mu  sync.Mutex
	rec Record
}

// Record returns the record as this claim last saw it.
func (c *Claim) Record() Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rec
}

// Mutate changes the record while this claim owns the run: on a conflict it reads again and retries, and it returns
// ErrSuperseded when the run has another owner, and ErrCancelled when somebody asked for its end.
func (c *Claim) Mutate(ctx context.Context, fn func(*Record) error) error {
	select {
	case c.writing <- struct{}{}:
		defer func() { <-c.writing }()
	case <-ctx.Done():
		return fmt.Errorf("write record of run %s: %w", c.run, context.Cause(ctx))
	}
	rec, err := c.runs.Update(ctx, c.run, func(r *Record) error {
		if err := c.owns(r); err != nil {
			return err
		}
		return fn(r)
	})
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.rec = rec
	}
	return err
}

// Check makes sure that this claim still owns the run, by writing the record: what was read of it may be old. Call it
// before every effect outside the record.
func (c *Claim) Check(ctx context.Context) error {
	return c.Mutate(ctx, func(*Record) error { return nil })
}

func (c *Claim) owns(r *Record) error {
	switch {
	case r.Owner != c.owner, r.Ending != "":
		return ErrSuperseded
	case r.Cancel:
		return ErrCancelled
	}
	return nil
}

var (
	errBeyond = errors.New("the run is beyond this step")
	errBusy   = errors.New("another delivery of this run is being handled")
	errCrash  = errors.New("the step crashed too often")
	errEnding = errors.New("the run is being ended")
)

// claim takes hold of the run of a delivery, for the process with the given lease.
func (r *Runs) claim(ctx context.Context, s Step, run string, e events.Event, d bus.Delivery, process string) (*Claim, error) {
	c := &Claim{Event: e, runs: r, step: s, owner: uuid.NewString(), run: run, writing: make(chan struct{}, 1)}
	rec, err := r.Update(ctx, run, func(rec *Record) error {
		if err := r.mayClaim(ctx, s, rec, d, process); err != nil {
			return err
		}
		rec.Owner, rec.OwnerStep, rec.OwnerSeq, rec.OwnerProcess = c.owner, s.Service, d.Seq, process
		rec.State, rec.NotBefore, rec.WaitsFor = s.Working, time.Time{}, ""
		return nil
	})
	c.rec = rec
	switch {
	case err == nil && rec.Ending != "":
		return c, errEnding
	case err == nil && rec.Crashes >= maxCrashes:
		return c, errCrash
	}
	return c, err
}

// mayClaim says whether a delivery may take hold of a run, and counts what became of the owner before.
func (r *Runs) mayClaim(ctx context.Context, s Step, rec *Record, d bus.Delivery, process string) error {
	held := rec.Owner != "" && rec.OwnerStep == s.Service
	switch {
	case rec.State.Reached(s.Done):
		return errBeyond
	case held && rec.OwnerSeq != d.Seq && time.Since(rec.Updated) < d.AckWait:
		return errBusy
	case held:
		return r.takeOver(ctx, rec, process)
	case rec.OwnerStep != s.Service && rec.State != s.Working:
		rec.Crashes, rec.Attempts = 0, 0 // a new step starts afresh
	}
	return nil
}

// takeOver notes that an owner left no outcome. It is a crash only when the owner's process is gone: a live one lost its
// hold otherwise, for example because it could not reach the server for a while, and a panic is counted when it happens.
func (r *Runs) takeOver(ctx context.Context, rec *Record, process string) error {
	gone := false
	if rec.OwnerProcess != process {
		var err error
		if gone, err = r.expired(ctx, rec.OwnerProcess); err != nil {
			return err
		}
	}
	if !gone {
		rec.Note("%s: taken over from a worker that lost its hold", rec.OwnerStep)
		return nil
	}
	rec.Crashes++
	rec.Note("%s: taken over from a worker that is gone", rec.OwnerStep)
	return nil
}
