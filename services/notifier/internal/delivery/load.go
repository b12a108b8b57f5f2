package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
	"squirrly.dev/services/notifier/internal/finding"
)

// Facts are the events of runs, which the stream keeps for a while: *bus.Bus.
type Facts interface {
	Fact(ctx context.Context, subject string) (events.Event, bool, error)
}

// errTooOld says that the stream does not have the event of a run any more, or never had.
var errTooOld = errors.New("the run is too old to be told")

// load makes the runs of a message. What is silenced by now, and what the stream does not have any more, is none of it.
func (d *Delivery) load(ctx context.Context, all []member, now time.Time) ([]channel.Run, error) {
	cfg := d.routes.Config()
	var runs []channel.Run
	for _, m := range all {
		r, err := d.run(ctx, m)
		switch {
		case errors.Is(err, errTooOld):
			d.log.WarnContext(ctx, "a run is too old to be told", "channel", d.channel.Name(), "run", m.Run)
			continue
		case err != nil:
			return nil, err
		}
		had := len(r.Changes)
		r.Changes = slices.DeleteFunc(r.Changes, func(c channel.Change) bool { return cfg.Silenced(changeLabels(r, c), now) != nil })
		if had > 0 && len(r.Changes) == 0 || had == 0 && m.Report == nil && cfg.Silenced(runLabels(r), now) != nil {
			continue
		}
		runs = append(runs, r)
	}
	return runs, nil
}

// run reads a member of a message.
func (d *Delivery) run(ctx context.Context, m member) (channel.Run, error) {
	if m.Report != nil {
		return report(m)
	}
	e, found, err := d.facts.Fact(ctx, m.Identity.Subject(m.Type, m.Run))
	if err != nil {
		return channel.Run{}, err
	}
	if !found {
		return channel.Run{}, errTooOld
	}
	e.ID = m.ID
	r, err := d.read(e)
	r.Recovered = m.Again
	if err != nil || len(m.Steps) == 0 || r.Ready == nil {
		return r, err
	}
	job, err := d.lives.Job(ctx, m.Identity)
	if err != nil {
		return r, fmt.Errorf("look up the findings of %s: %w", m.Identity, err)
	}
	r.Changes = changes(&job, m.Steps, *r.Ready)
	for i := range r.Changes {
		r.Changes[i].Reminds = m.Reminds
	}
	return r, nil
}

// read decodes the end of a run, as far as the channel is told.
func (d *Delivery) read(e events.Event) (channel.Run, error) {
	r, err := channel.Read(e)
	if err == nil && !d.policy.Readings {
		r, err = r.WithoutReadings()
	}
	return r, err
}

// steps are changes as they are kept.
func steps(all []channel.Change) []finding.Step {
	var kept []finding.Step
	for _, c := range all {
		kept = append(kept, finding.Step{
			Kind: c.Kind, ID: c.ID, Number: c.Number, Run: c.Run, At: c.At, State: c.State, Before: c.Before, Now: c.Now, Dismissal: c.Dismissal,
		})
	}
	return kept
}
