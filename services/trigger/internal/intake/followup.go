package intake

import (
	"context"
	"errors"
	"slices"

	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
)

// followsUp refuses a request with a parent that is not what the record of the parent says: only the analyzer decides
// to follow a run up, and what it decided is written there. Nobody can take part in another run's result by naming it.
func (in *Intake) followsUp(ctx context.Context, req request, plan events.Plan) error {
	if plan.Parent == "" {
		return nil
	}
	parent, err := in.Runs.Get(ctx, plan.Parent)
	if err != nil && !errors.Is(err, run.ErrNoRecord) {
		return err
	}
	decided := err == nil && parent.State == events.StateAnalyzed && len(parent.FollowUps) > 0 &&
		plan.Depth == parent.Plan.Depth+1 && parent.Plan.Identity == plan.Identity && slices.Equal(parent.FollowUps, plan.Modes)
	if !decided || req.run != events.RunIDFromEvent(events.SourceAnalyzer, events.FollowUpID(plan.Parent, parent.FollowUpKey, plan.Modes)) {
		return refusal.New(events.CodeForbidden, "run %s has no such follow-up; leave parent and depth to the analyzer", plan.Parent)
	}
	return nil
}
