// Package intake decides about requests: it validates and authorises them, finds the job they mean, makes sure that one
// run at a time profiles it, and plans the run or rejects it. What it decided is in the run's record before anybody is
// told, so that a message which comes again is decided once.
//
// Where requests come from does not belong here, nor how Flink and Kubernetes are asked.
package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
	"squirrly.dev/services/trigger/internal/target"
)

// Ledger holds the records of runs: *run.Runs.
type Ledger interface {
	Get(ctx context.Context, id string) (run.Record, error)
	GetNamed(ctx context.Context, id string) (run.Record, error)
	Create(ctx context.Context, rec run.Record) (bool, error)
	Update(ctx context.Context, id string, fn func(*run.Record) error) (run.Record, error)
	Latest(ctx context.Context, target string) ([]string, error)
	End(ctx context.Context, end run.End) error
}

// Targets reserves targets: run.Targets.
type Targets interface {
	Reserve(ctx context.Context, target, run string) (string, error)
}

// Publisher tells facts: *bus.Bus.
type Publisher interface {
	PublishFact(ctx context.Context, subject string, e events.Event) error
}

// Resolver finds the job that a target means: *target.Resolver. Its errors are refusals, or may pass.
type Resolver interface {
	Resolve(ctx context.Context, t events.Target, permit target.Permit) (target.Found, error)
}

// Limits are what a server allows and what it takes for granted.
type Limits struct {
	Duration    time.Duration // of one profile, where a request says nothing
	MaxDuration time.Duration // of one profile
	Deadline    time.Duration // of a whole run, at least
	Cooldown    time.Duration // between the result of a run and the next request for the same job; 0 is none
}

// Intake handles the messages of the inbox. It is safe for concurrent use.
type Intake struct {
	Runs    Ledger
	Targets Targets
	Bus     Publisher
	Target  Resolver
	Limits  Limits
	Logger  *slog.Logger
}

// Handle handles one message, for [bus.Messages].
func (in *Intake) Handle(ctx context.Context, m bus.Delivery) error {
	if strings.HasPrefix(m.Subject, events.SubjectCancel) {
		return in.cancel(ctx, m)
	}
	req := decode(m)
	rec, err := in.Runs.Get(ctx, req.run)
	if errors.Is(err, run.ErrNoRecord) {
		rec, err = in.decide(ctx, req)
	}
	if err != nil {
		return fmt.Errorf("decide about request %s: %w", req.run, err)
	}
	if err := in.announce(ctx, rec, req); err != nil {
		return err
	}
	if req.unreadable != nil {
		return bus.Permanent(events.CodeUndecodable, req.unreadable)
	}
	return nil
}

// decide creates the record of a request. When another delivery of it was faster, that one's decision stands.
func (in *Intake) decide(ctx context.Context, req request) (run.Record, error) {
	rec := run.Record{Run: req.run, Requester: req.requester(), Plan: events.Plan{Run: req.run, Target: req.Target}}
	plan, err := in.plan(ctx, req)
	switch r, refused := errors.AsType[*refusal.Error](err); {
	case refused:
		in.reject(&rec, req, plan.Identity, r)
	case err != nil:
		return rec, err
	default:
		rec.State, rec.Plan = events.StatePlanned, plan
		rec.Note("planned: job %s (%s) at %s", plan.JobName, plan.JobID, plan.RestURL)
	}
	created, err := in.Runs.Create(ctx, rec)
	if err == nil && !created {
		rec, err = in.Runs.GetNamed(ctx, req.run)
	}
	if err != nil {
		return rec, err
	}
	return rec, nil
}

// plan makes the plan of a request, or a refusal beside as much of the identity as is known.
func (in *Intake) plan(ctx context.Context, req request) (events.Plan, error) {
	t := req.Target
	plan := events.Plan{Identity: events.Identity{Cluster: t.Cluster, Namespace: t.Namespace, Job: t.Deployment}} // as far as it is named
	if req.refused != nil {
		return plan, req.refused
	}
	if err := in.Limits.check(req.ProfileRequested, time.Now()); err != nil {
		return plan, err
	}
	found, err := in.Target.Resolve(ctx, t, req.permit)
	plan.Identity = found.Identity
	if err != nil {
		return plan, err
	}
	plan = in.Limits.plan(req, found, time.Now())
	if limit := found.MaxDuration; limit > 0 && time.Duration(plan.Duration) > limit {
		return plan, refusal.New(events.CodeDurationRange, "a profile of %s is asked for; this Flink allows at most %s",
			time.Duration(plan.Duration), limit)
	}
	if err := fits(planned(plan, req)); err != nil {
		return plan, err
	}
	if err := in.followsUp(ctx, req, plan); err != nil {
		return plan, err
	}
	return plan, in.reserve(ctx, plan)
}

// reserve claims the target for a run, or refuses because of another run.
func (in *Intake) reserve(ctx context.Context, plan events.Plan) error {
	key := plan.Identity.Key()
	if err := in.cooledDown(ctx, plan, key); err != nil {
		return err
	}
	holder, err := in.Targets.Reserve(ctx, key, plan.Run)
	if err != nil {
		return err
	}
	if holder != plan.Run {
		return refusal.For(holder, events.CodeCoalesced, "run %s is already under way for %s", holder, plan.Identity)
	}
	return nil
}

// cooledDown refuses a target whose last result is fresh. A follow-up belongs to that result.
func (in *Intake) cooledDown(ctx context.Context, plan events.Plan, key string) error {
	if in.Limits.Cooldown == 0 || plan.Parent != "" {
		return nil
	}
	latest, err := in.Runs.Latest(ctx, key)
	if err != nil || len(latest) == 0 {
		return err
	}
	rec, err := in.Runs.Get(ctx, latest[0])
	if errors.Is(err, run.ErrNoRecord) {
		return nil
	}
	if err != nil {
		return err
	}
	if rest := in.Limits.Cooldown - time.Since(rec.Updated); rest > 0 {
		return refusal.For(latest[0], events.CodeCooldown, "run %s has just analyzed %s; the next one may start in %s",
			latest[0], plan.Identity, rest.Round(time.Second))
	}
	return nil
}
