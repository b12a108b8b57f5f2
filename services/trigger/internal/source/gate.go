// Package source is what all reasons to profile have in common: what a policy asks goes out in one place, [Gate.Ask],
// which keeps to the policy's quiet hours, cooldown and budget, and to the rule that nothing which descends from a run
// makes another. The reasons themselves are the packages below, one each.
//
// A request is nothing but an event in the inbox. Its id is made of what it answers to, such as the slot of a schedule,
// so that every replica makes the same request, and all of them together one run.
package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/policy"
)

// Inbox takes requests: *bus.Bus.
type Inbox interface {
	Request(ctx context.Context, subject, msgID, contentType string, body []byte) error
}

// Records are the records of runs: *run.Runs.
type Records interface {
	Get(ctx context.Context, id string) (run.Record, error)
}

// Releases know what a target runs: rollout.Labels.
type Releases interface {
	// Label names the release of a target; empty where it is not watched for rollouts.
	Label(ctx context.Context, target string) (string, error)
}

// Gate is where requests of policies go out. It is safe for concurrent use.
type Gate struct {
	Inbox    Inbox
	Records  Records
	Ledgers  Book[Ledger]
	Releases Releases
	Usual    time.Duration // of a profile, where a policy says nothing
}

// Ask is a wish for a run of one target.
type Ask struct {
	Policy   *policy.Policy
	Target   policy.Target
	Reason   string    // one of policy.ReasonSchedule …
	ID       string    // of what it answers to, unique among those of its policy: the same id is the same run
	Why      string    // for people
	At       time.Time // now, by the clock of the source
	Began    time.Time // when what it answers to began; zero: it has no beginning that a profile could have caused
	Expires  time.Time // not worth starting after; zero is never
	Release  string    // label of the request, if known
	Baseline string    // where the policy says nothing
}

// Run is the id of the run that the request leads to.
func (a Ask) Run() string { return events.RunIDFromEvent(a.Policy.Source(), a.ID) }

// subject is the inbox of the request. Nobody waits for what a schedule or a rollout asks for: people, alerts and events
// pass it.
func (a Ask) subject() string {
	if a.Reason == policy.ReasonSchedule || a.Reason == policy.ReasonRollout {
		return events.SubjectBackground
	}
	return events.SubjectRequested
}

// Answer is what became of an ask that was not refused.
type Answer struct {
	Run   string
	Known bool // the run was there already
}

// Ask puts a request into the inbox, once for each id. Its error is a [*Refusal] when the policy does not allow the
// request now; any other may pass, and then the same ask has to come again.
//
// What is asked is entered into the ledger before it is sent: a replica that dies in between leaves an entry, and the
// next one with the same id sends it.
func (g *Gate) Ask(ctx context.Context, a Ask) (Answer, error) {
	answer := Answer{Run: a.Run()}
	_, err := g.Records.Get(ctx, answer.Run)
	if answer.Known = err == nil; answer.Known {
		return answer, nil
	}
	if !errors.Is(err, run.ErrNoRecord) {
		return answer, err
	}
	if until := a.Policy.QuietUntil(a.At); !until.IsZero() {
		return answer, &Refusal{Code: Quiet, Until: until, Why: "it is quiet until " + until.In(a.Policy.Zone).Format("Mon 15:04 MST")}
	}
	if err := g.ownDoing(ctx, a); err != nil {
		return answer, err
	}
	if err := g.enter(ctx, a, answer.Run); err != nil {
		return answer, err
	}
	body, err := g.event(ctx, a)
	if err != nil {
		return answer, err
	}
	return answer, g.Inbox.Request(ctx, a.subject(), answer.Run, events.ContentType, body)
}

var errEntered = errors.New("it is entered")

// enter writes the request into the ledger of its target, unless it is there.
func (g *Gate) enter(ctx context.Context, a Ask, id string) error {
	_, err := g.Ledgers.Upsert(ctx, LedgerKey(a.Target.Key()), func(l *Ledger) error {
		if l.Has(id) {
			return errEntered
		}
		if refused := l.Allows(a.Policy, a.At, g.Usual); refused != nil {
			return refused
		}
		l.add(Asked{Run: id, At: a.At.UTC(), Profiled: a.Policy.Profiled(g.Usual), Policy: a.Policy.Name, Reason: a.Reason})
		return nil
	})
	if errors.Is(err, errEntered) {
		return nil
	}
	return err
}

// release is the release of the target, so that a run after a rollout can be compared with one of the release before.
func (g *Gate) release(ctx context.Context, a Ask) (string, error) {
	if a.Release != "" {
		return a.Release, nil
	}
	return g.Releases.Label(ctx, a.Target.Key())
}

// event makes the CloudEvent.
func (g *Gate) event(ctx context.Context, a Ask) ([]byte, error) {
	p := a.Policy
	release, err := g.release(ctx, a)
	if err != nil {
		return nil, err
	}
	labels := map[string]string{policy.LabelPolicy: p.Name}
	maps.Copy(labels, p.Labels)
	if release != "" {
		labels[events.LabelRelease] = release
	}
	req := events.ProfileRequested{
		Target: a.Target.Target, Modes: p.Modes, Duration: events.Duration(p.Duration), Scope: p.Scope,
		Reason: fmt.Sprintf("policy %s: %s", p.Name, a.Why), Labels: labels, Expires: a.Expires.UTC(), Baseline: p.Baseline,
	}
	if a.Expires.IsZero() {
		req.Expires = time.Time{}
	}
	if req.Baseline == "" {
		req.Baseline = a.Baseline
	}
	if err := req.Validate(); err != nil {
		return nil, fmt.Errorf("request of policy %s for %s: %w", p.Name, a.Target.Name, err)
	}
	data, err := json.Marshal(req)
	if err != nil {
		return nil, fmt.Errorf("request of policy %s for %s: %w", p.Name, a.Target.Name, err)
	}
	e := events.Event{
		SpecVersion: events.SpecVersion, ID: a.ID, Source: p.Source(), Type: events.TypeProfileRequested,
		Time: a.At.UTC(), DataContentType: "application/json", Data: data,
	}
	return e.Encode()
}
