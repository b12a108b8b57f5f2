package run

import (
	"context"
	"errors"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
)

// End says how a run ends without a result.
type End struct {
	Run   string
	State events.State // failed or cancelled
	Code  events.Code
	Why   error
	Step  string // service that ends it
	// Allowed is asked with the fresh record before the intention is written.
	Allowed func(*Record) error
}

// End ends a run as failed or cancelled, unless another end was chosen before: then it carries that one through. A run
// that is over already is left as it is.
func (r *Runs) End(ctx context.Context, end End) error {
	rec, err := r.Update(ctx, end.Run, func(rec *Record) error {
		if rec.State.Terminal() {
			return errBeyond
		}
		if err := end.Allowed(rec); err != nil {
			return err
		}
		if rec.Ending == "" {
			rec.Ending = end.State
			rec.Outcome = &events.Outcome{
				Run: end.Run, Identity: rec.Plan.Identity, Code: end.Code,
				Message: bus.OneLine(end.Why.Error(), maxNote), Hint: bus.HintOf(end.Why, end.Code), Step: end.Step,
			}
			if len(rec.Died()) > 0 {
				rec.Outcome.Hint = events.CodeOptedOut.Hint()
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
	_, err = r.publishEnd(ctx, rec)
	return err
}

// publishEnd carries an intended end through, with a result or without: the event, then the terminal state. The intention
// was written before by compare-and-set and is never changed, so that whoever comes to do this, and how often, the same
// end is told. It returns the record of the run that is over.
func (r *Runs) publishEnd(ctx context.Context, rec Record) (Record, error) {
	e, err := rec.ending()
	if err != nil {
		return rec, err
	}
	if err := r.bus.PublishFact(ctx, rec.Plan.Identity.Subject(e.Type, rec.Run), e); err != nil {
		return rec, err
	}
	over, err := r.Update(ctx, rec.Run, func(fresh *Record) error {
		if fresh.State.Terminal() {
			rec = *fresh
			return errBeyond
		}
		fresh.end()
		return nil
	})
	switch {
	case err == nil:
		rec = over
	case !errors.Is(err, errBeyond):
		return rec, err
	}
	if err := r.OptOuts.note(ctx, rec); err != nil { // before another run may begin
		return rec, err
	}
	return rec, r.Free(ctx, rec)
}

// Free gives back what a run held that is over: its target and its permit.
func (r *Runs) Free(ctx context.Context, rec Record) error {
	return errors.Join(
		r.Targets.Release(ctx, rec.Plan.Identity.Key(), rec.Run),
		r.Permits.Release(ctx, rec.Permit, rec.Run),
	)
}
