package run

import (
	"context"
	"errors"
	"fmt"

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

// End ends a run as failed or cancelled: the intention into the record, then the event, then the terminal state, so that
// whoever takes over in between ends it the same way. A run that is over already is left as it is.
func (r *Runs) End(ctx context.Context, end End) error {
	published, err := r.recommendationPublished(ctx, end.Run)
	if err != nil {
		return err
	}
	rec, err := r.Update(ctx, end.Run, func(rec *Record) error {
		if rec.State.Terminal() {
			return errBeyond
		}
		if err := end.Allowed(rec); err != nil {
			return err
		}
		if published {
			rec.end(events.StateAnalyzed, nil)
			return nil
		}
		if rec.Outcome == nil {
			rec.Ending = end.State
			rec.Outcome = &events.Outcome{
				Run: end.Run, Identity: rec.Plan.Identity, Code: end.Code,
				Message: bus.OneLine(end.Why.Error(), maxNote), Hint: bus.HintOf(end.Why, end.Code), Step: end.Step,
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
	if published {
		return r.Targets.Release(ctx, rec.Plan.Identity.Key(), end.Run)
	}
	return r.publishEnd(ctx, rec)
}

// recommendationPublished reports whether the recommendation of a run is out: then the run is done, although nobody came
// to write so.
func (r *Runs) recommendationPublished(ctx context.Context, run string) (bool, error) {
	rec, err := r.Get(ctx, run)
	if err != nil {
		return false, err
	}
	seq, err := r.bus.LastFact(ctx, rec.Plan.Identity.Subject(events.TypeRecommendationReady, run))
	if err != nil {
		return false, fmt.Errorf("look up the recommendation of run %s: %w", run, err)
	}
	return seq > 0, nil
}

// publishEnd carries an intended end through.
func (r *Runs) publishEnd(ctx context.Context, rec Record) error {
	var p events.Payload = events.RunFailed{Outcome: *rec.Outcome}
	if rec.Ending == events.StateCancelled {
		p = events.RunCancelled{Outcome: *rec.Outcome}
	}
	e, err := rec.Event(rec.Outcome.Step, p)
	if err != nil {
		return err
	}
	if err := r.bus.PublishFact(ctx, rec.Plan.Identity.Subject(p.EventType(), rec.Run), e); err != nil {
		return err
	}
	_, err = r.Update(ctx, rec.Run, func(fresh *Record) error {
		if fresh.State.Terminal() {
			return errBeyond
		}
		fresh.end(rec.Ending, rec.Outcome)
		return nil
	})
	if err != nil && !errors.Is(err, errBeyond) {
		return err
	}
	return r.Targets.Release(ctx, rec.Plan.Identity.Key(), rec.Run)
}
