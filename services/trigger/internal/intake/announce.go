package intake

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
)

// nobody stands for a part of an identity that is not known.
const nobody = "_"

// reject makes the record of a request that was refused. A requester who may ask about one target only is told on the
// subjects of that target, whatever the request named.
func (in *Intake) reject(rec *run.Record, req request, id events.Identity, why *refusal.Error) {
	if req.permit.Limited() {
		id = req.permit.Identity()
	}
	rec.State, rec.Existing = events.StateRejected, why.Existing
	rec.Plan.Identity = events.Identity{
		Cluster: cmp.Or(id.Cluster, nobody), Namespace: cmp.Or(id.Namespace, nobody), Job: cmp.Or(id.Job, nobody),
	}
	rec.Plan.Reason, rec.Plan.Labels, rec.Plan.RequestedAt = req.Reason, req.Labels, req.message.Stored.UTC()
	rec.Outcome = &events.Outcome{
		Run: rec.Run, Identity: rec.Plan.Identity, Code: why.Code, Message: why.Error(), Hint: why.Code.Hint(),
		Step: events.DurableTrigger,
	}
	rec.Note("rejected: %s", why)
}

func planned(p events.Plan, req request) events.ProfilePlanned {
	return events.ProfilePlanned{Plan: p, Requester: req.requester(), RequestID: req.id()}
}

// fits refuses a plan that cannot be told. The plan is larger than its request.
func fits(p events.ProfilePlanned) error {
	e, err := events.New(events.DurableTrigger, p.Plan.Run, time.Now(), p)
	if err == nil {
		const reserve = 1 << 10 // for ids and trace of the real event
		e.Subject = strings.Repeat(" ", reserve)
		_, err = e.Encode()
	}
	if err != nil {
		return refusal.New(events.CodeInvalidRequest, "the request gives no plan: %w; store large context first and name it by key", err)
	}
	return nil
}

// announce tells what was decided, once. A run that has ended needs its plan no more.
func (in *Intake) announce(ctx context.Context, rec run.Record, req request) error {
	var p events.Payload
	switch {
	case rec.State == events.StateRejected && rec.Outcome != nil:
		p = events.RunRejected{Outcome: *rec.Outcome, Existing: rec.Existing}
	case rec.State == events.StateCancelled && rec.Plan.RestURL == "" && rec.Outcome != nil: // before there was a plan
		p = events.RunCancelled{Outcome: *rec.Outcome}
	case rec.State.Terminal():
		return nil
	default:
		p = planned(rec.Plan, req)
	}
	e, err := rec.Event(events.DurableTrigger, p)
	if err != nil {
		return bus.Permanent(events.CodeInternal, err)
	}
	e.CausationID, e.TraceParent = req.id(), req.origin.TraceParent
	if err := in.Bus.PublishFact(ctx, rec.Plan.Identity.Subject(p.EventType(), rec.Run), e); err != nil {
		return fmt.Errorf("announce run %s: %w", rec.Run, err)
	}
	return nil
}
