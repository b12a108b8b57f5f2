package analyzer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
)

const (
	maxAnswer   = 1 << 20          // bytes of a stored answer
	llmAttempts = 2                // waits for an LLM that is down, beside the retries of each call
	llmPause    = 20 * time.Second // of each wait
)

// memory is what the record of a run and the store know of its analysis. It implements [pipeline.Memory].
type memory struct {
	service *Service
	claim   *run.Claim
	lost    *events.ObjectRef // the answer that the record names, when it cannot be used any more
}

// Progress notes in the record what is being done.
func (m *memory) Progress(ctx context.Context, step string, percent int) error {
	return m.claim.Mutate(ctx, func(r *run.Record) error {
		r.Step, r.Percent = step, percent
		return nil
	})
}

// FollowUps notes which modes a run after this one should capture. A follow-up has none of its own.
func (m *memory) FollowUps(ctx context.Context, modes []events.Mode) error {
	return m.claim.Mutate(ctx, func(r *run.Record) error {
		if m.service.cfg.FollowUps && r.Plan.Depth < events.MaxDepth {
			r.FollowUps = modes
			if len(modes) > 0 && r.FollowUpKey == "" {
				r.FollowUpKey = rand.Text()
			}
		}
		return nil
	})
}

// Answer loads the answer that the record names. One that is gone or damaged is none; a store that is down is waited for,
// since to ask again costs money.
func (m *memory) Answer(ctx context.Context) (*ask.Exchange, error) {
	rec := m.claim.Record()
	if rec.Answer == nil {
		return nil, nil //nolint:nilnil // there is no answer.
	}
	asked, err := m.load(ctx, *rec.Answer)
	if errors.Is(err, artifact.ErrUnavailable) || ctx.Err() != nil {
		return nil, err
	}
	if err != nil {
		m.lost = rec.Answer
		m.service.deps.Logger.WarnContext(ctx, "the stored answer cannot be used", "run", rec.Run, "error", err)
		return nil, nil //nolint:nilnil // none that can be used.
	}
	return &asked, nil
}

// Keep stores prompt and answer and notes them in the record, unless another attempt was faster. What they replace there
// is only an answer that cannot be used.
func (m *memory) Keep(ctx context.Context, asked ask.Exchange, sent prompt.Prompt) (ask.Exchange, error) {
	body, err := asked.Encode()
	if err != nil {
		return asked, bus.Permanent(events.CodeInternal, err)
	}
	rec := m.claim.Record()
	promptRef, err := m.service.put(ctx, rec, document{artifact.Prompt, ".md", []byte(sent.Markdown())})
	if err != nil {
		return asked, err
	}
	answerRef, err := m.service.put(ctx, rec, document{artifact.Answer, ".json", body})
	if err != nil {
		return asked, err
	}
	err = m.claim.Mutate(ctx, func(r *run.Record) error {
		if r.Answer == nil || m.lost != nil && *r.Answer == *m.lost {
			r.Prompt, r.Answer = &promptRef, &answerRef
		}
		answerRef = *r.Answer
		return nil
	})
	if err != nil {
		return asked, err
	}
	return m.load(ctx, answerRef)
}

// Later waits for an LLM that is down, as often as it is worth it.
func (m *memory) Later(err error) error {
	if m.claim.Record().Attempts < llmAttempts {
		return bus.Wait(events.CodeLLMUnavailable, llmPause, err)
	}
	return nil
}

// load reads a stored answer.
func (m *memory) load(ctx context.Context, ref events.ObjectRef) (ask.Exchange, error) {
	body, err := m.service.read(ctx, m.service.deps.Store.Await, ref, maxAnswer)
	if err != nil {
		return ask.Exchange{}, fmt.Errorf("load the answer: %w", err)
	}
	return ask.Load(body)
}
