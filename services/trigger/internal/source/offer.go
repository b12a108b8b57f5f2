package source

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"squirrly.dev/services/trigger/internal/fleet"
	"squirrly.dev/services/trigger/internal/policy"
)

// Offer is something that happened elsewhere and may be a reason to profile targets: an alert, or an event.
type Offer struct {
	ID     string            // among the offers of its source: the same id is the same reason
	Labels map[string]string // that rules match
	Began  time.Time
	Why    string // for people
}

// Taken counts what became of offers.
type Taken struct {
	Offers   int      `json:"offers"`             // that could be a reason
	Matched  int      `json:"matched"`            // targets that some of them are a reason for
	Requests int      `json:"requests"`           // that were made
	Runs     []string `json:"runs,omitempty"`     // of these requests; the first hundred
	Refused  int      `json:"refused,omitempty"`  // targets whose policy does not allow it now
	OwnDoing int      `json:"ownDoing,omitempty"` // offers that descend from a run
}

// Reactor turns offers into asks: at most one for each target, the first that its policy allows.
type Reactor struct {
	Gate interface {
		Ask(ctx context.Context, a Ask) (Answer, error)
	} // *Gate
	Members func(context.Context) ([]fleet.Member, error) // (*fleet.Fleet).Known
	Reason  string                                        // policy.ReasonAlert or policy.ReasonEvent
	Rules   func(policy.Reasons) []policy.Rule            // of that reason
	Logger  *slog.Logger
}

// Take asks for every target that a rule maps an offer to. An error means that the same offers should come again: what
// was asked already is not asked twice.
func (r *Reactor) Take(ctx context.Context, now time.Time, offers []Offer, taken Taken) (Taken, error) {
	taken.Offers = len(offers)
	var mu sync.Mutex
	var failed error
	const atATime = 8
	slots := make(chan struct{}, atATime)
	var wg sync.WaitGroup
	members, err := r.Members(ctx)
	if err != nil {
		return taken, err
	}
	for _, m := range members {
		reasons, ok := r.matching(m, offers)
		if !ok {
			continue
		}
		taken.Matched++
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			run, err := r.first(ctx, now, m, reasons)
			mu.Lock()
			defer mu.Unlock()
			taken, failed = taken.with(run, err, failed)
		})
	}
	wg.Wait()
	return taken, failed
}

// with counts what became of one target.
func (t Taken) with(run string, err, failed error) (Taken, error) {
	const listed = 100
	switch {
	case Refused(err) != nil:
		t.Refused++
	case err != nil:
		return t, errors.Join(failed, err)
	case run != "":
		t.Requests++
		if len(t.Runs) < listed {
			t.Runs = append(t.Runs, run)
		}
	}
	return t, failed
}

// matching are the offers that a rule of a policy maps to one of its targets.
func (r *Reactor) matching(m fleet.Member, offers []Offer) ([]Offer, bool) {
	var found []Offer
	rules := r.Rules(m.Policy.On)
	for _, o := range offers {
		for _, rule := range rules {
			if rule.Selects(m.Target, o.Labels) && rule.Matches(o.Labels) {
				found = append(found, o)
				break
			}
		}
	}
	return found, len(found) > 0
}

// first asks because of the first offer that is a reason: one that is known was a reason before, and one that a profile
// may have caused is none. The other rules of a policy hold for all offers alike.
func (r *Reactor) first(ctx context.Context, now time.Time, m fleet.Member, offers []Offer) (string, error) {
	var refused error
	for _, o := range offers {
		answer, err := r.Gate.Ask(ctx, Ask{
			Policy: m.Policy, Target: m.Target, Reason: r.Reason, ID: r.Reason + "/" + m.Key + "/" + o.ID,
			Why: o.Why, At: now, Began: o.Began, Expires: now.Add(worth),
		})
		switch why := Refused(err); {
		case err == nil && answer.Known:
		case err == nil:
			r.Logger.InfoContext(ctx, "a policy asks", "policy", m.Policy.Name, "target", m.Target.Name, "why", o.Why, "run", answer.Run)
			return answer.Run, nil
		case why != nil && why.Code == OwnDoing:
			refused = err
		default:
			return "", err
		}
	}
	return "", refused
}

// worth is how long a reaction is worth a profile: later, what it reacts to may be over.
const worth = time.Hour
