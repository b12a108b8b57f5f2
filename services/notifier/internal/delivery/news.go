package delivery

import (
	"context"
	"slices"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
	"squirrly.dev/services/notifier/internal/finding"
)

// Lives knows what runs change: *lives.Store. Asked again about the same run it says the same.
type Lives interface {
	Observe(ctx context.Context, r events.RecommendationReady) (finding.Job, []finding.Step, error)
	Fail(ctx context.Context, o events.Outcome) (bool, error)
}

// news adds to a run what it changes, and reports whether there is anything to tell. A result that changes nothing, a run
// that fails for the same reason as the one before, and what somebody asked for himself (a request that is refused, a run
// that is cancelled) is none.
func (d *Delivery) news(ctx context.Context, r *channel.Run) (bool, error) {
	switch {
	case r.Ready != nil:
		job, steps, err := d.lives.Observe(ctx, *r.Ready)
		if err != nil {
			return false, err
		}
		r.Changes = changes(&job, steps, *r.Ready)
		return len(r.Changes) > 0, nil
	case r.Event.Type == events.TypeRunFailed:
		return d.lives.Fail(ctx, *r.Outcome)
	}
	return false, nil
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
	order := []events.LifeChange{events.LifeOpened, events.LifeReopened, events.LifeWorsened, events.LifeImproved, events.LifeResolved}
	slices.SortStableFunc(all, func(a, b channel.Change) int { return slices.Index(order, a.Kind) - slices.Index(order, b.Kind) })
	return all
}
