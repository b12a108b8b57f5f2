package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

// maxCrashes is how many owners of one step may vanish without an outcome before the run is given up.
const maxCrashes = 5

// Step is one service's part of a run.
type Step struct {
	Service string       // also the name of its durable
	Working events.State // while it works
	Done    events.State // when it is through

	// After is called with the record when a run is through this step, before its delivery is acknowledged; nil is
	// nothing. It comes again when the process dies in between, and when the delivery comes again.
	After func(ctx context.Context, rec Record) error
}

// after does what is left to do when a run is through a step.
func (s Step) after(ctx context.Context, rec Record) error {
	if s.After == nil || rec.State != s.Done {
		return nil
	}
	return s.After(ctx, rec)
}

// Claim is one worker's hold on a run while it handles a delivery. It is safe for concurrent use.
type Claim struct {
	Event events.Event // the fact that started this step; empty when the run is resumed

	bus   *Bus
	step  Step
	owner string
	run   string

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
	c.mu.Lock()
	defer c.mu.Unlock()
	rec, err := c.bus.Runs.Update(ctx, c.run, func(r *Record) error {
		if err := c.owns(r); err != nil {
			return err
		}
		return fn(r)
	})
	if err == nil {
		c.rec = rec
	}
	return err
}

// Check verifies that this claim still owns the run. Call it before every effect outside the record.
func (c *Claim) Check(ctx context.Context) error {
	rec, err := c.bus.Runs.Get(ctx, c.run)
	if err != nil {
		return err
	}
	return c.owns(&rec)
}

func (c *Claim) owns(r *Record) error {
	switch {
	case r.Owner != c.owner:
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

// claim takes hold of the run of a delivery.
func (b *Bus) claim(ctx context.Context, s Step, run string, e events.Event, meta *jetstream.MsgMetadata, ackWait time.Duration) (*Claim, error) {
	c := &Claim{Event: e, bus: b, step: s, owner: uuid.NewString(), run: run}
	rec, err := b.Runs.swap(ctx, run, func(r *Record, entry jetstream.KeyValueEntry) error {
		if r.State.Reached(s.Done) {
			return errBeyond
		}
		held := r.Owner != "" && r.OwnerStep == s.Service
		if held && r.OwnerSeq != meta.Sequence.Stream && time.Since(entry.Created()) < ackWait {
			return errBusy
		}
		if r.OwnerStep != s.Service && r.State != s.Working {
			r.Crashes, r.Attempts = 0, 0 // a new step starts afresh
		}
		if held {
			r.Crashes++
			r.Note("%s: taken over from a worker that left no outcome", s.Service)
		}
		r.Owner, r.OwnerStep, r.OwnerSeq = c.owner, s.Service, meta.Sequence.Stream
		r.State, r.NotBefore, r.WaitsFor = s.Working, time.Time{}, ""
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

// finish publishes the payload, writes the record and says whether the delivery may be acknowledged. Order matters:
// artifact (by the handler) → event → record → acknowledgement.
func (c *Claim) finish(ctx context.Context, p events.Payload) error {
	if err := c.Check(ctx); err != nil {
		return c.lateIsFine(ctx, err)
	}
	rec := c.Record()
	e, err := rec.Event(c.step.Service, p)
	if err != nil {
		return Permanent(events.CodeInternal, err)
	}
	if err := c.bus.PublishFact(ctx, rec.Plan.Identity.Subject(p.EventType(), c.run), e); err != nil {
		return err
	}
	err = c.Mutate(ctx, func(r *Record) error {
		r.State, r.Step = c.step.Done, ""
		if c.step.Done.Terminal() {
			r.Percent = 100
		}
		r.Crashes, r.Attempts = 0, 0
		r.Note("%s: %s", c.step.Service, c.step.Done)
		r.release()
		return nil
	})
	if err := c.lateIsFine(ctx, err); err != nil {
		return err
	}
	if c.step.Done.Terminal() {
		return c.bus.Runs.Deactivate(ctx, rec.Plan.Identity.Key(), c.run)
	}
	return nil
}

// lateIsFine turns "superseded" into success when the run is already beyond this step: the next service was faster.
func (c *Claim) lateIsFine(ctx context.Context, err error) error {
	if !errors.Is(err, ErrSuperseded) {
		return err
	}
	if rec, readErr := c.bus.Runs.Get(ctx, c.run); readErr == nil && rec.State.Reached(c.step.Done) {
		return nil
	}
	return err
}

// wait gives the run up until later. Past the deadline it fails instead.
func (c *Claim) wait(ctx context.Context, f *Fault) error {
	deadline := c.Record().Plan.Deadline
	next := time.Now().Add(f.After)
	if next.After(deadline) {
		return Permanent(events.CodeDeadlineExceeded, fmt.Errorf("not done by %s; last waited for %s: %w",
			deadline.UTC().Format(time.RFC3339), f.Code, f.err))
	}
	return c.Mutate(ctx, func(r *Record) error {
		r.Attempts++
		r.NotBefore, r.WaitsFor = next.UTC(), f.Code
		r.Note("%s waits %s: %s", c.step.Service, f.After.Round(time.Second), oneLine(f.Error(), maxNote))
		r.release()
		return nil
	})
}

const maxNote = 400

// handBack releases the run without an outcome of its own, because this process stops.
func (c *Claim) handBack(ctx context.Context) error {
	return c.Mutate(ctx, func(r *Record) error {
		r.Note("%s: handed back, the service stops", c.step.Service)
		r.release()
		return nil
	})
}

// conclude ends the run in failure or by cancelling: event first, then record.
func (c *Claim) conclude(ctx context.Context, state events.State, code events.Code, why error) error {
	return c.bus.Conclude(ctx, c.run, state, code, why, c.step.Service, func(r *Record) error {
		if r.Owner != c.owner {
			return ErrSuperseded
		}
		return nil
	})
}

// Conclude ends a run as failed or cancelled: the intention into the record, then the event, then the terminal state,
// so that whoever takes over in between ends it the same way. allowed is asked with the fresh record before the
// intention is written; a run that is over already is left as it is.
func (b *Bus) Conclude(ctx context.Context, run string, state events.State, code events.Code, why error, step string, allowed func(*Record) error) error {
	told, err := b.told(ctx, run)
	if err != nil {
		return err
	}
	rec, err := b.Runs.Update(ctx, run, func(r *Record) error {
		if r.State.Terminal() {
			return errBeyond
		}
		if err := allowed(r); err != nil {
			return err
		}
		if told {
			r.end(events.StateAnalyzed, nil)
			return nil
		}
		if r.Outcome == nil {
			r.Ending = state
			r.Outcome = &events.Outcome{
				Run: run, Identity: r.Plan.Identity, Code: code,
				Message: oneLine(why.Error(), maxNote), Hint: hintOf(why, code), Step: step,
			}
		}
		return nil
	})
	if errors.Is(err, errBeyond) {
		return nil
	}
	if err != nil {
		return err
	}
	if told {
		return b.Runs.Deactivate(ctx, rec.Plan.Identity.Key(), run)
	}
	return b.ending(ctx, rec)
}

// told reports whether the recommendation of a run is out: then the run is done, although nobody came to write so.
func (b *Bus) told(ctx context.Context, run string) (bool, error) {
	rec, err := b.Runs.Get(ctx, run)
	if err != nil {
		return false, err
	}
	stream, err := b.js.Stream(ctx, events.StreamEvents)
	if err != nil {
		return false, fmt.Errorf("look up the event stream: %w", err)
	}
	_, err = stream.GetLastMsgForSubject(ctx, rec.Plan.Identity.Subject(events.TypeRecommendationReady, run))
	if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
		return false, fmt.Errorf("look up the recommendation of run %s: %w", run, err)
	}
	return err == nil, nil
}

// ending carries an intended end through.
func (b *Bus) ending(ctx context.Context, rec Record) error {
	var p events.Payload = events.RunFailed{Outcome: *rec.Outcome}
	if rec.Ending == events.StateCancelled {
		p = events.RunCancelled{Outcome: *rec.Outcome}
	}
	e, err := rec.Event(rec.Outcome.Step, p)
	if err != nil {
		return err
	}
	if err := b.PublishFact(ctx, rec.Plan.Identity.Subject(p.EventType(), rec.Run), e); err != nil {
		return err
	}
	_, err = b.Runs.Update(ctx, rec.Run, func(r *Record) error {
		if r.State.Terminal() {
			return errBeyond
		}
		r.end(rec.Ending, rec.Outcome)
		return nil
	})
	if err != nil && !errors.Is(err, errBeyond) {
		return err
	}
	return b.Runs.Deactivate(ctx, rec.Plan.Identity.Key(), rec.Run)
}
