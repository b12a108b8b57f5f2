// Package budget keeps what language models may spend within limits: of a run, and of a day for all analyzers together.
//
// What a question can spend at most is reserved before it is asked and settled by what it did spend. A process that dies
// in between leaves its reservation counted, and so does every answer whose usage is not known: the sums are never too
// small. What models cost, and how they are asked, is in package llm.
package budget

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"squirrly.dev/pkg/events"
)

// The variables of the limits.
const (
	OfRun    = "SQUIRRLY_LLM_BUDGET_RUN_TOKENS"
	OfDay    = "SQUIRRLY_LLM_BUDGET_DAY_TOKENS"
	USDOfDay = "SQUIRRLY_LLM_BUDGET_DAY_USD"
)

// Limits of what is spent. Zero is no limit.
type Limits struct {
	RunTokens int64   // of all questions of a run, prompts and answers
	DayTokens int64   // of all runs of a day (UTC)
	DayUSD    float64 // of all runs of a day (UTC)
}

// None reports whether nothing is limited.
func (l Limits) None() bool { return l == Limits{} }

// Sum is what was spent, reservations included.
type Sum struct {
	Tokens int64   `json:"tokens"`
	USD    float64 `json:"usd"`
}

func (s Sum) plus(t Sum) Sum  { return Sum{Tokens: s.Tokens + t.Tokens, USD: s.USD + t.USD} }
func (s Sum) minus(t Sum) Sum { return Sum{Tokens: s.Tokens - t.Tokens, USD: s.USD - t.USD} }

// Book keeps the sums. Implementations are safe for concurrent use.
type Book interface {
	// Change replaces the sum of a key by what fn makes of it, at once for all who share the book. fn is called again
	// when somebody else was faster; its error is returned, and nothing is changed.
	Change(ctx context.Context, key string, fn func(Sum) (Sum, error)) error
}

// ErrRefused says that a budget does not allow a question.
var ErrRefused = errors.New("the budget does not allow the question")

// Refusal is the error of a question that was not asked.
type Refusal struct {
	Sentence string // for people; it names the variable
	Err      error  // what kept the budget from being counted, if that is the reason
}

// Error implements error.
func (r *Refusal) Error() string { return r.Sentence }

// Unwrap makes errors.Is see ErrRefused and the cause.
func (r *Refusal) Unwrap() []error {
	if r.Err == nil {
		return []error{ErrRefused}
	}
	return []error{ErrRefused, r.Err}
}

// limit is one of the limits.
type limit struct {
	variable string
	whose    string
	most     string // as configured
	over     func(Sum) bool
}

// account is a key with the limits of its sum.
type account struct {
	key    string
	limits []limit
}

// accounts are where a question of a run is counted on a day.
func (l Limits) accounts(run, day string) []account {
	var out []account
	if l.RunTokens > 0 {
		out = append(out, account{"run." + events.Token(run), []limit{l.tokens(OfRun, "a run", l.RunTokens)}})
	}
	var daily []limit
	if l.DayTokens > 0 {
		daily = append(daily, l.tokens(OfDay, "a day", l.DayTokens))
	}
	if l.DayUSD > 0 {
		daily = append(daily, limit{USDOfDay, "a day", strconv.FormatFloat(l.DayUSD, 'f', -1, 64), func(s Sum) bool { return s.USD > l.DayUSD }})
	}
	if daily != nil {
		out = append(out, account{"day." + day, daily})
	}
	return out
}

func (Limits) tokens(variable, whose string, most int64) limit {
	return limit{variable, whose, strconv.FormatInt(most, 10), func(s Sum) bool { return s.Tokens > most }}
}

// refusal says that a question would exceed the limit.
func (l limit) refusal() error {
	return &Refusal{Sentence: fmt.Sprintf("The LLM was not asked: the question could exceed the budget of %s (%s=%s).", l.whose,
		l.variable, l.most)}
}
