package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
	"squirrly.dev/services/notifier/internal/finding"
)

// Lives knows what runs change: *lives.Store. Asked again about the same run it says the same.
type Lives interface {
	Observe(ctx context.Context, r events.RecommendationReady) (finding.Job, []finding.Step, error)
	Fail(ctx context.Context, o events.Outcome, at time.Time) (bool, error)
	Job(ctx context.Context, id events.Identity) (finding.Job, error)
}

// amount is how much of an event is news.
type amount int

const (
	nothing  amount = iota
	silent          // the end of a run that changes nothing
	decided         // what somebody decided about a finding
	changing        // a change
)

// news reads an event and what it changes, and says how much that is. A result that changes nothing, a run that fails for
// the same reason as the one before, and what somebody asked for himself (a request that is refused, a run that is
// cancelled) is silent.
func (d *Delivery) news(ctx context.Context, e events.Event) (channel.Run, amount, error) {
	if e.Type == events.TypeFindingDismissed || e.Type == events.TypeFindingReopened {
		return d.decision(ctx, e)
	}
	r, err := d.read(e)
	if err != nil {
		return r, nothing, bus.Permanent(events.CodeUndecodable, err)
	}
	is := false
	switch {
	case r.Ready != nil:
		job, steps, err := d.lives.Observe(ctx, *r.Ready)
		if err != nil {
			return r, nothing, err
		}
		r.Changes = changes(&job, steps, *r.Ready)
		r.Recovered = job.Recovered(r.ID)
		is = len(r.Changes) > 0 || r.Recovered != ""
	case r.Event.Type == events.TypeRunFailed:
		if is, err = d.lives.Fail(ctx, *r.Outcome, e.Time); err != nil {
			return r, nothing, err
		}
	}
	if is {
		return r, changing, nil
	}
	return r, silent, nil
}

// decision reads what somebody decided about a finding, with the result of the run that showed it last. What a run changed
// is told with that run.
func (d *Delivery) decision(ctx context.Context, e events.Event) (channel.Run, amount, error) {
	if e.CausationID != "" {
		return channel.Run{}, nothing, nil
	}
	kind, c, err := decisionOf(e)
	if err != nil {
		return channel.Run{}, nothing, bus.Permanent(events.CodeUndecodable, err)
	}
	step := channel.Change{FindingChanged: c, Kind: kind}
	r, err := d.run(ctx, member{
		ID: e.ID, Type: events.TypeRecommendationReady, Run: c.Run, Identity: c.Identity, Steps: steps([]channel.Change{step}),
	})
	if errors.Is(err, errTooOld) {
		d.log.InfoContext(ctx, "the run of a finding is too old to be told", "channel", d.channel.Name(), "run", c.Run)
		return r, nothing, nil
	}
	return r, decided, err
}

func decisionOf(e events.Event) (events.LifeChange, events.FindingChanged, error) {
	if e.Type == events.TypeFindingDismissed {
		p, err := events.Data[events.FindingDismissed](e)
		return events.LifeDismissed, p.FindingChanged, wrong(err)
	}
	p, err := events.Data[events.FindingReopened](e)
	return events.LifeReopened, p.FindingChanged, wrong(err)
}

func wrong(err error) error {
	if err != nil {
		return fmt.Errorf("read what was decided: %w", err)
	}
	return nil
}

// changes are steps as people are told of them, what matters most first.
func changes(job *finding.Job, steps []finding.Step, r events.RecommendationReady) []channel.Change {
	var all []channel.Change
	for _, s := range steps {
		changed, ok := job.Fact(s)
		if !ok {
			continue
		}
		c := channel.Change{FindingChanged: changed, Kind: s.Kind, Dismiss: "squirrly findings dismiss " + changed.ID + " --as wrong"}
		if i := slices.IndexFunc(r.Findings, func(f events.FindingExcerpt) bool { return f.Fingerprint == changed.Fingerprint }); i >= 0 {
			c.Finding = &r.Findings[i]
		}
		all = append(all, c)
	}
	order := []events.LifeChange{
		events.LifeOpened, events.LifeReopened, events.LifeWorsened, events.LifeImproved, events.LifeResolved, events.LifeDismissed,
	}
	slices.SortStableFunc(all, func(a, b channel.Change) int { return slices.Index(order, a.Kind) - slices.Index(order, b.Kind) })
	return all
}
