package pipeline

import (
	"context"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
)

// Memory is what outlives an attempt at an analysis: what one attempt leaves there, the next one goes on from. An error of
// it ends the attempt and comes back as it is.
type Memory interface {
	// Progress notes what is being done, for people, and how much of the run is done, 0 to 100.
	Progress(ctx context.Context, step string, percent int) error

	// FollowUps takes the modes that were not captured and would explain more.
	FollowUps(ctx context.Context, modes []events.Mode) error

	// Answer returns the answer of the LLM that an earlier attempt chose; nil when there is none that can be used.
	Answer(ctx context.Context) (*ask.Exchange, error)

	// Keep keeps an answer and the prompt as it was sent. It returns the answer that was chosen first, which is the one that
	// counts: that of another attempt, if it was faster.
	Keep(ctx context.Context, asked ask.Exchange, sent prompt.Prompt) (ask.Exchange, error)

	// Later returns the error with which this attempt ends so that a later one asks again, after an LLM failed with err for
	// a while; nil when there is none, and the rules alone shall decide.
	Later(err error) error
}

// Forget is the [Memory] of an analysis that has one attempt: nothing is kept, and nobody is told of its progress.
type Forget struct{}

// Progress implements [Memory].
func (Forget) Progress(context.Context, string, int) error { return nil }

// FollowUps implements [Memory].
func (Forget) FollowUps(context.Context, []events.Mode) error { return nil }

// Answer implements [Memory].
func (Forget) Answer(context.Context) (*ask.Exchange, error) {
	return nil, nil //nolint:nilnil // there is no answer.
}

// Keep implements [Memory].
func (Forget) Keep(_ context.Context, asked ask.Exchange, _ prompt.Prompt) (ask.Exchange, error) {
	return asked, nil
}

// Later implements [Memory].
func (Forget) Later(error) error { return nil }
