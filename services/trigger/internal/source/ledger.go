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

// Allows says why a request must not be made at a time, where a profile takes usual unless the policy says otherwise; nil
// is that it may be.
func (l *Ledger) Allows(p *policy.Policy, at time.Time, usual time.Duration) *Refusal {
	if last := l.Last(); last != nil {
		if until := last.At.Add(p.Cooldown); at.Before(until) {
			return &Refusal{Code: Cooldown, Until: until, Why: fmt.Sprintf("the cooldown of %s since run %s lasts", p.Cooldown, last.Run)}
		}
	}
	one := p.Profiled(usual)
	if spent := l.Spent(p, at); p.Budget > 0 && spent+one > p.Budget {
		return &Refusal{Code: Budget, Until: p.NextDay(at), Why: fmt.Sprintf("%s of the budget of %s are used today, and a run takes %s", spent, p.Budget, one)}
	}
	return nil
}

// add enters a request.
func (l *Ledger) add(a Asked) {
	l.Asked = slices.DeleteFunc(l.Asked, func(old Asked) bool { return a.At.Sub(old.At) > kept })
	if over := len(l.Asked) + 1 - keptMost; over > 0 {
		l.Asked = slices.Delete(l.Asked, 0, over)
	}
	l.Asked = append(l.Asked, a)
}
