package budget

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/llm"
)

// vocabulary is how many more tokens a model may see than prompt.CountTokens does: those of Claude see the most.
const vocabulary = 1.6

// settleTime bounds the settlement of a question, which outlives the end of its run.
const settleTime = 5 * time.Second

// Options of a provider with a budget.
type Options struct {
	Limits    Limits
	Book      Book
	Prices    llm.Prices
	Model     string           // that is asked
	MaxOutput int              // tokens of the longest answer
	Now       func() time.Time // nil: time.Now
}

// Provider returns a provider that asks only what the budget allows. Without limits it is the given one.
func Provider(next llm.Provider, o Options) llm.Provider {
	if o.Limits.None() {
		return next
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &limited{Provider: next, o: o}
}

type limited struct {
	llm.Provider

	o Options
}

// Complete implements llm.Provider. Its errors are also *Refusal.
func (l *limited) Complete(ctx context.Context, req llm.Request) (llm.Response, error) {
	most, err := l.most(req)
	if err != nil {
		return llm.Response{}, err
	}
	accounts := l.o.Limits.accounts(req.Run, l.o.Now().UTC().Format(time.DateOnly))
	if err := l.reserve(ctx, accounts, most); err != nil {
		return llm.Response{}, err
	}
	resp, err := l.Provider.Complete(ctx, req)
	l.add(ctx, accounts, spent(most, resp, err).minus(most))
	return resp, err
}

// most is what a question can spend.
func (l *limited) most(req llm.Request) (Sum, error) {
	text := []string{req.System, string(req.Schema)}
	for _, m := range req.Messages {
		text = append(text, m.Text)
	}
	n, err := prompt.CountTokens(strings.Join(text, "\n"))
	if err != nil {
		return Sum{}, fmt.Errorf("count the tokens of the question: %w", err)
	}
	in := int(math.Ceil(float64(n) * vocabulary))
	usd, known := l.o.Prices.Estimate(l.o.Model, in, l.o.MaxOutput, l.o.Now())
	if !known && l.o.Limits.DayUSD > 0 {
		return Sum{}, &Refusal{Sentence: fmt.Sprintf("The LLM was not asked: %s has no price (SQUIRRLY_LLM_PRICES), so the budget of "+
			"a day (%s) cannot be kept.", l.o.Model, USDOfDay)}
	}
	return Sum{Tokens: int64(in + l.o.MaxOutput), USD: usd}, nil
}

// reserve adds to every account, or to none.
func (l *limited) reserve(ctx context.Context, accounts []account, most Sum) error {
	for i, a := range accounts {
		err := l.o.Book.Change(ctx, a.key, func(s Sum) (Sum, error) {
			s = s.plus(most)
			for _, one := range a.limits {
				if one.over(s) {
					return s, one.refusal()
				}
			}
			return s, nil
		})
		if err == nil {
			continue
		}
		l.add(ctx, accounts[:i], Sum{}.minus(most))
		if errors.Is(err, ErrRefused) || ctx.Err() != nil {
			return err
		}
		return &Refusal{
			Sentence: fmt.Sprintf("The LLM was not asked: the budget (%s) could not be counted.", a.limits[0].variable), Err: err,
		}
	}
	return nil
}

// add changes accounts whatever their limits. What cannot be changed stays reserved.
func (l *limited) add(ctx context.Context, accounts []account, d Sum) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	for _, a := range accounts {
		_ = l.o.Book.Change(ctx, a.key, func(s Sum) (Sum, error) { return s.plus(d), nil })
	}
}

// spent is what a question spent of what was reserved for it: what the provider counted, nothing when it refused the
// request, and else all.
func spent(most Sum, resp llm.Response, err error) Sum {
	if err != nil && llm.Unasked(err) {
		return Sum{}
	}
	out := most
	if resp.Usage.In > 0 {
		out.Tokens = int64(resp.Usage.In + resp.Usage.Out)
	}
	if resp.CostUSD != nil {
		out.USD = *resp.CostUSD
	}
	return out
}
