package source

import (
	"fmt"
	"slices"
	"time"

	"squirrly.dev/services/trigger/internal/policy"
)

// Ledger is what policies asked for one target, oldest first: the memory behind cooldown and budget.
type Ledger struct {
	Asked []Asked `json:"asked"`
}

// Asked is one request.
type Asked struct {
	Run      string        `json:"run"`
	At       time.Time     `json:"at"`
	Profiled time.Duration `json:"profiled"` // for which it profiles, in nanoseconds
	Policy   string        `json:"policy"`
	Reason   string        `json:"reason"`
}

const (
	kept     = 26 * time.Hour // longer than every day of a budget; the newest stays for the cooldown
	keptMost = 300
)

// LedgerKey is the key of the ledger of a target.
func LedgerKey(target string) string { return "ledger." + target }

// Has reports whether a run was asked for.
func (l *Ledger) Has(run string) bool {
	return slices.ContainsFunc(l.Asked, func(a Asked) bool { return a.Run == run })
}

// Last is the newest request, or nil.
func (l *Ledger) Last() *Asked {
	if len(l.Asked) == 0 {
		return nil
	}
	return &l.Asked[len(l.Asked)-1]
}

// Spent is the time that was profiled on the day of a time.
func (l *Ledger) Spent(p *policy.Policy, at time.Time) time.Duration {
	var sum time.Duration
	for _, a := range l.Asked {
		if p.Day(a.At) == p.Day(at) {
			sum += a.Profiled
		}
	}
	return sum
}

// add enters a request, or says why it must not be made now.
func (l *Ledger) add(a Asked, p *policy.Policy) *Refusal {
	if last := l.Last(); last != nil {
		if until := last.At.Add(p.Cooldown); a.At.Before(until) {
			return &Refusal{Code: Cooldown, Until: until, Why: fmt.Sprintf("the cooldown of %s since run %s lasts", p.Cooldown, last.Run)}
		}
	}
	if spent := l.Spent(p, a.At); p.Budget > 0 && spent+a.Profiled > p.Budget {
		return &Refusal{Code: Budget, Until: p.NextDay(a.At), Why: fmt.Sprintf("%s of the budget of %s are used today, and a run takes %s", spent, p.Budget, a.Profiled)}
	}
	l.Asked = slices.DeleteFunc(l.Asked, func(old Asked) bool { return a.At.Sub(old.At) > kept })
	if over := len(l.Asked) + 1 - keptMost; over > 0 {
		l.Asked = slices.Delete(l.Asked, 0, over)
	}
	l.Asked = append(l.Asked, a)
	return nil
}
