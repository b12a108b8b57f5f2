package intake

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// cancelTries is how often the run of a cancel is looked for: its request may still be on its way.
const cancelTries = 3

var (
	errOver  = errors.New("the run is over")
	errOwned = errors.New("somebody works on the run")
)

// cancel sets the flag that the owner of a run sees at its next heartbeat, and ends a run that nobody works on.
func (in *Intake) cancel(ctx context.Context, m bus.Delivery) error {
	c, err := events.DecodeCancel(m.Header, m.Subject, m.Body)
	if err != nil {
		return bus.Permanent(events.CodeUndecodable, err)
	}
	rec, err := in.Runs.Update(ctx, c.Run, func(r *run.Record) error {
		switch {
		case r.State.Terminal():
			return errOver
		case r.Cancel:
			return nil
		}
		r.Cancel = true
		r.Note("cancel requested%s", because(c.Reason))
		return nil
	})
	switch {
	case errors.Is(err, errOver):
		return nil
	case errors.Is(err, run.ErrNoRecord) && m.Number >= cancelTries:
		return in.cancelEarly(ctx, c)
	case err != nil:
		return fmt.Errorf("cancel run %s: %w", c.Run, err)
	case rec.Owner != "":
		return nil
	}
	why := fmt.Errorf("%w%s", run.ErrCancelled, because(c.Reason))
	err = in.Runs.End(ctx, run.End{
		Run: c.Run, State: events.StateCancelled, Code: events.CodeCancelled, Why: why,
		Step: events.DurableTrigger, Allowed: unowned,
	})
	if errors.Is(err, errOwned) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cancel run %s: %w", c.Run, err)
	}
	return nil
}

// cancelEarly makes the record of a run that was cancelled before it was decided about: its request may wait for a permit.
// When it comes, it finds this decision.
func (in *Intake) cancelEarly(ctx context.Context, c events.RunCancel) error {
	if _, err := uuid.Parse(c.Run); err != nil {
		in.Logger.WarnContext(ctx, "cancel of something that is no run", "run", c.Run, "error", err)
		return nil
	}
	id := events.Identity{Cluster: nobody, Namespace: nobody, Job: nobody}
	rec := run.Record{Run: c.Run, State: events.StateCancelled, Cancel: true, Plan: events.Plan{Run: c.Run, Identity: id}}
	rec.Outcome = &events.Outcome{
		Run: c.Run, Identity: id, Code: events.CodeCancelled, Message: run.ErrCancelled.Error() + because(c.Reason),
		Hint: events.CodeCancelled.Hint(), Step: events.DurableTrigger,
	}
	rec.Note("cancelled before there was a plan%s", because(c.Reason))
	created, err := in.Runs.Create(ctx, rec)
	if err == nil && !created {
		err = fmt.Errorf("cancel run %s: its record has just been made", c.Run) // so the cancel comes again
	}
	return err
}

func unowned(r *run.Record) error {
	if r.Owner != "" {
		return errOwned
	}
	return nil
}

func because(reason string) string {
	const most = 200
	if reason == "" {
		return ""
	}
	return ": " + reason[:min(len(reason), most)]
}
