package intake

import (
	"context"
	"errors"
	"strings"
	"time"

	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
)

// decide creates the record of a request. When another delivery of it was faster, that one's decision stands. The error is
// a [fullError] when the request has to wait for a permit.
func (in *Intake) decide(ctx context.Context, req request) (run.Record, error) {
	rec := run.Record{Run: req.run, Requester: req.requester(), Plan: events.Plan{Run: req.run, Target: req.Target}}
	plan, pool, err := in.plan(ctx, req)
	switch r, refused := errors.AsType[*refusal.Error](err); {
	case refused:
		in.reject(&rec, req, plan.Identity, r)
	case err != nil:
		return rec, err
	default:
		rec.State, rec.Plan, rec.Permit = events.StatePlanned, plan, pool
		rec.Note("planned: job %s (%s) at %s", plan.JobName, plan.JobID, plan.RestURL)
	}
	created, err := in.Runs.Create(ctx, rec)
	if err != nil || created {
		return rec, err
	}
	ours := rec
	if rec, err = in.Runs.GetNamed(ctx, req.run); err == nil && rec.State.Terminal() && ours.State == events.StatePlanned {
		err = in.free(ctx, ours.Plan, ours.Permit)
	}
	return rec, err
}

// free gives back what was taken for a plan that is not to be.
func (in *Intake) free(ctx context.Context, p events.Plan, pool string) error {
	return errors.Join(in.Permits.Release(ctx, pool, p.Run), in.Targets.Release(ctx, p.Identity.Key(), p.Run))
}

// plan makes the plan of a request and the pool of its permit, or a refusal beside as much of the identity as is known.
func (in *Intake) plan(ctx context.Context, req request) (events.Plan, string, error) {
	t := req.Target
	plan := events.Plan{Identity: events.Identity{Cluster: t.Cluster, Namespace: t.Namespace, Job: t.Deployment}} // as far as it is named
	if req.refused != nil {
		return plan, "", req.refused
	}
	if err := in.Limits.check(req.ProfileRequested, time.Now()); err != nil {
		return plan, "", err
	}
	if err := in.policyGone(req); err != nil {
		return plan, "", err
	}
	if id, ok := in.Target.Recent(t, req.permit); ok {
		if err := in.refusedAlready(ctx, req, id); err != nil {
			plan.Identity = id
			return plan, "", err
		}
	}
	found, err := in.Target.Resolve(ctx, req.requester(), t, req.permit)
	plan.Identity = found.Identity
	if err == nil && found.Shared { // whoever asked may have planned a run since
		err = in.refusedAlready(ctx, req, found.Identity)
	}
	if err != nil {
		return plan, "", err
	}
	plan = in.Limits.plan(req, found, time.Now())
	if limit := found.MaxDuration; limit > 0 && time.Duration(plan.Duration) > limit {
		return plan, "", refusal.New(events.CodeDurationRange, "a profile of %s is asked for; this Flink allows at most %s",
			time.Duration(plan.Duration), limit)
	}
	if err := fits(planned(plan, req)); err != nil {
		return plan, "", err
	}
	if err := in.followsUp(ctx, req, plan); err != nil {
		return plan, "", err
	}
	if err := in.reserve(ctx, req, plan); err != nil {
		return plan, "", err
	}
	pool, err := in.permit(ctx, req, plan)
	return plan, pool, err
}

// settled is how long a request has waited at least when the policies say whether it is still wanted: by then every replica
// has read the file that the policy came with.
const settled = 5 * time.Minute

// policyGone refuses a request that waited in the background while the policy that asked was taken out of the file.
func (in *Intake) policyGone(req request) error {
	if in.HasPolicy == nil || !req.inBackground() || time.Since(req.message.Stored) < settled || in.HasPolicy(req.origin.Source) {
		return nil
	}
	return refusal.New(events.CodePolicyGone, "%s is no longer among the policies", req.origin.Source)
}

// refusedAlready refuses a target without asking it: another run holds it, or its result is fresh.
func (in *Intake) refusedAlready(ctx context.Context, req request, id events.Identity) error {
	cooldown := in.Limits.cooldown(req)
	if c, ok := in.cooling.get(id.Key(), cooldown); ok {
		return c.refuse(id, cooldown)
	}
	holder, err := in.holders.get(ctx, id.Key(), func() (string, error) { return in.Targets.Holder(ctx, id.Key()) })
	if err != nil || holder == "" || holder == req.run {
		return err
	}
	return coalesced(holder, id)
}

func coalesced(holder string, id events.Identity) error {
	return refusal.For(holder, events.CodeCoalesced, "run %s is already under way for %s", holder, id)
}

// reserve claims the target for a run, or refuses because of another run.
func (in *Intake) reserve(ctx context.Context, req request, plan events.Plan) error {
	if err := in.optedOut(ctx, plan.Identity); err != nil {
		return err
	}
	if err := in.cooledDown(ctx, plan.Identity, in.Limits.cooldown(req)); err != nil {
		return err
	}
	holder, err := in.Targets.Reserve(ctx, plan.Identity.Key(), plan.Run)
	if err != nil {
		return err
	}
	if holder != plan.Run {
		return coalesced(holder, plan.Identity)
	}
	return nil
}

// cooledDown refuses a target whose last result is fresh.
func (in *Intake) cooledDown(ctx context.Context, id events.Identity, cooldown time.Duration) error {
	if cooldown == 0 {
		return nil
	}
	if c, ok := in.cooling.get(id.Key(), cooldown); ok {
		return c.refuse(id, cooldown)
	}
	c, err := in.results.get(ctx, id.Key(), func() (cooling, error) { return in.lastResult(ctx, id) })
	if err != nil || c.run == "" || time.Since(c.done) >= cooldown {
		return err
	}
	in.cooling.put(id.Key(), c)
	return c.refuse(id, cooldown)
}

// lastResult reads the last result of a job; none is the zero value.
func (in *Intake) lastResult(ctx context.Context, id events.Identity) (cooling, error) {
	latest, err := in.Runs.Latest(ctx, id.Key())
	if err != nil || len(latest) == 0 {
		return cooling{}, err
	}
	rec, err := in.Runs.Get(ctx, latest[0])
	if errors.Is(err, run.ErrNoRecord) {
		return cooling{}, nil
	}
	return cooling{run: latest[0], done: rec.Updated}, err
}

// optedOut refuses a job that died of a profile before.
func (in *Intake) optedOut(ctx context.Context, id events.Identity) error {
	o, err := in.optOuts.get(ctx, id.Key(), func() (run.OptOut, error) {
		o, _, err := in.OptOuts.Get(ctx, id) // zero when there is none
		return o, err
	})
	if err != nil || o.Run == "" {
		return err
	}
	return refusal.For(o.Run, events.CodeOptedOut, "TaskManager %s died while run %s profiled %s", strings.Join(o.JVMs, ", "), o.Run, id)
}
