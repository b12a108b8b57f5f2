package delivery

import (
	"context"
	"fmt"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/finding"
)

// reminder is what a group has told and what is still open, with the run that showed each finding last.
func (d *Delivery) reminder(ctx context.Context, key string, g *group, now time.Time) ([]member, error) {
	jobs := map[events.Identity]finding.Job{}
	var all []member
	at := map[string]int{} // of a run in all
	for _, f := range g.Open {
		job, ok := jobs[f.Identity]
		if !ok {
			var err error
			if job, err = d.lives.Job(ctx, f.Identity); err != nil {
				return nil, fmt.Errorf("look up the findings of %s: %w", f.Identity, err)
			}
			jobs[f.Identity] = job
		}
		l := job.Find(f.ID)
		if l == nil || l.State != events.LifeStateOpen {
			continue
		}
		i, ok := at[l.Run]
		if !ok {
			if len(all) == mostRuns {
				continue
			}
			i, at[l.Run] = len(all), len(all)
			all = append(all, member{
				ID: fmt.Sprintf("%s/%d/%s", key, g.Number+1, l.Run), Type: events.TypeRecommendationReady,
				Run: l.Run, Identity: f.Identity, Reminds: true,
			})
		}
		gain := l.Gain
		all[i].Steps = append(all[i].Steps, finding.Step{
			Kind: events.LifeOpened, ID: l.ID, Number: l.Number, Run: l.Run, At: now, State: l.State, Now: &gain,
		})
	}
	return all, nil
}
