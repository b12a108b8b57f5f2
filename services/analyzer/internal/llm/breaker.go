package llm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sony/gobreaker/v2"
)

// ErrOpen says that a provider was not asked, since it had failed several times in a row and is left alone for a while.
// It is of no use to ask again at once.
var ErrOpen = errors.New("the provider is left alone after several failures")

// Defaults of Breaker.
const (
	DefaultFailures = 3
	DefaultPause    = 5 * time.Minute
)

// Breaker says when a provider is left alone. Zero values mean the defaults above.
type Breaker struct {
	Failures uint32        // in a row, each after its own retries
	Pause    time.Duration // before one question is let through as a probe
}

// Breaking returns a provider that is left alone while it is down or refuses for its rate limit. What else goes wrong,
// such as a bad answer, shows that it is up; the end of a run says nothing about it.
func Breaking(next Provider, b Breaker) Provider {
	if b.Failures == 0 {
		b.Failures = DefaultFailures
	}
	if b.Pause <= 0 {
		b.Pause = DefaultPause
	}
	return &breaking{Provider: next, breaker: gobreaker.NewCircuitBreaker[Response](gobreaker.Settings{
		Name: next.Name(), MaxRequests: 1, Timeout: b.Pause,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= b.Failures },
		IsSuccessful: func(err error) bool { return !Temporary(err) },
		IsExcluded:   func(err error) bool { return errors.Is(err, errEnded) },
	})}
}

// errEnded marks the errors of questions that were given up from outside.
var errEnded = errors.New("the question was given up")

type breaking struct {
	Provider

	breaker *gobreaker.CircuitBreaker[Response]
}

// Complete implements Provider.
func (b *breaking) Complete(ctx context.Context, req Request) (Response, error) {
	resp, err := b.breaker.Execute(func() (Response, error) {
		resp, err := b.Provider.Complete(ctx, req)
		if err != nil && ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", errEnded, err)
		}
		return resp, err
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return resp, fmt.Errorf("ask %s: %w", b.Name(), ErrOpen)
	}
	return resp, err //nolint:wrapcheck // it is that of the provider
}
