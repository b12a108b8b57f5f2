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
	Release(ctx context.Context, target, run string) error
	Holder(ctx context.Context, target string) (string, error)
}

// Permits bound how many runs there are at a time: *run.Permits.
type Permits interface {
	Take(ctx context.Context, pool string, most int, run string) (bool, error)
	Release(ctx context.Context, pool, run string) error
	Free(ctx context.Context, pool string, most int) (int, error)
	NoteWaiting(ctx context.Context, w run.Waiting) error
	Waited(ctx context.Context, run string) error
}

// OptOuts are the jobs that are profiled no more: run.OptOuts.
type OptOuts interface {
	Get(ctx context.Context, id events.Identity) (run.OptOut, bool, error)
}

// Publisher tells facts: *bus.Bus.
type Publisher interface {
	PublishFact(ctx context.Context, subject string, e events.Event) error
}

// Resolver finds the job that a target means: *target.Queue. Its errors are refusals, or may pass.
type Resolver interface {
	Resolve(ctx context.Context, requester string, t events.Target, permit target.Permit) (target.Found, error)
	Recent(t events.Target, permit target.Permit) (events.Identity, bool)
}

// Limits are what a server allows and what it takes for granted.
type Limits struct {
	Duration    time.Duration // of one profile, where a request says nothing
	MaxDuration time.Duration // of one profile
	Deadline    time.Duration // of a whole run, at least
	Cooldown    time.Duration // between the result of a run and the next request for the same job; 0 is none
	AtATime     Rules         // runs at a time; none are no limit
}

// Intake handles the messages of the inbox. It is safe for concurrent use.
type Intake struct {
	Runs    Ledger
	Targets Targets
	Permits Permits
	OptOuts OptOuts
	Bus     Publisher
	Target  Resolver
	Limits  Limits
	Logger  *slog.Logger

	HasPolicy func(source string) bool // whether the policy that is the source of a request still holds; nil is not known here

	background full // what the background waits for
	cooling    cooldowns

	holders shared[string] // of targets, by the key of the identity, as the two below
	results shared[cooling]
	optOuts shared[run.OptOut]
}

// Handle handles one message of the inbox, for [bus.Messages].
func (in *Intake) Handle(ctx context.Context, m bus.Delivery) error {
	if strings.HasPrefix(m.Subject, events.SubjectCancel) {
		return in.cancel(ctx, m)
	}
	req := decode(m)
	rec, err := in.settle(ctx, req)
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

// settle returns the record with the decision about a request. Somebody who waits gets it as soon as a permit is free,
// and what is asked in the background comes again then.
func (in *Intake) settle(ctx context.Context, req request) (run.Record, error) {
	for told := false; ; told = true {
		rec, err := in.decideSoon(ctx, req)
		wait, waits := errors.AsType[*fullError](err)
		if !waits {
			in.tellWaited(ctx, req, told && err == nil)
			return rec, err
		}
		if req.inBackground() {
			in.background.note(wait)
			return rec, bus.Wait(events.CodeNoPermit, putBack(req.message.Number), err)
		}
		if !told {
			in.tellWaits(ctx, req, wait)
		}
		if err := in.await(ctx, wait, req.Expires); err != nil {
			return rec, err
		}
	}
}

// decideSoon decides about a request, in a time that nobody has to wait for long.
func (in *Intake) decideSoon(ctx context.Context, req request) (run.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, bus.DefaultAckWait)
	defer cancel()
	if req.message.Number > 1 { // it may be decided; what comes for the first time is found to be when its record is made
		rec, err := in.Runs.Get(ctx, req.run)
		if !errors.Is(err, run.ErrNoRecord) {
			return rec, err
		}
	}
	return in.decide(ctx, req)
}
