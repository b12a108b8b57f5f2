package analyzer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/llm"
)

const (
	maxAnswer   = 1 << 20
	llmAttempts = 2                // waits for an LLM that is down, beside the retries of each call
	llmPause    = 20 * time.Second // of each wait
)

// explain asks the LLM, if there is one, and merges what it says and the evidence carries into the rules' result. Its
// answer is chosen once: it is stored and noted in the record before it is used, and a later attempt loads it.
func (s *Service) explain(ctx context.Context, c *bus.Claim, in Input, res diagnose.Result) (events.Analysis, error) {
	if s.provider == nil {
		return s.byRules(res.Analysis), nil
	}
	question, err := s.question(in, res)
	if err != nil {
		return res.Analysis, bus.Permanent(events.CodeInvalidRequest, err)
	}
	if err := c.Mutate(ctx, progress("asking "+s.provider.Name(), 90)); err != nil {
		return res.Analysis, err
	}
	if rec := c.Record(); rec.Answer != nil {
		asked, err := s.answered(ctx, *rec.Answer)
		if err == nil {
			return s.apply(ctx, question, asked), nil
		}
		s.deps.Logger.WarnContext(ctx, "the stored answer cannot be used", "run", in.Run, "error", err)
	}
	asked, sent, err := ask.Ask(ctx, s.provider, question)
	if err != nil {
		if ctx.Err() != nil {
			return res.Analysis, err
		}
		if llm.Temporary(err) && c.Record().Attempts < llmAttempts {
			return res.Analysis, bus.Wait(events.CodeLLMUnavailable, llmPause, err)
		}
		s.deps.Logger.WarnContext(ctx, "the LLM gave no usable answer", "run", in.Run, "error", err)
		return ask.Degrade(res.Analysis, asked, err), nil
	}
	if asked, err = s.choose(ctx, c, in, asked, sent); err != nil {
		return res.Analysis, err
	}
	return s.apply(ctx, question, asked), nil
}

// byRules says who decided when nobody was asked.
func (s *Service) byRules(a events.Analysis) events.Analysis {
	a.Provenance.Provider = ProviderRules
	a.Provenance.Note = s.cfg.LLM.notice()
	return a
}

func (s *Service) apply(ctx context.Context, question ask.Input, asked ask.Exchange) events.Analysis {
	a, err := ask.Apply(question, asked)
	if err != nil {
		s.deps.Logger.WarnContext(ctx, "the LLM gave no usable answer", "error", err)
	}
	return a
}

// choose stores prompt and answer and notes them in the record, unless another attempt was faster.
func (s *Service) choose(ctx context.Context, c *bus.Claim, in Input, asked ask.Exchange, sent prompt.Prompt) (ask.Exchange, error) {
	body, err := asked.Encode()
	if err != nil {
		return asked, bus.Permanent(events.CodeInternal, err)
	}
	an := events.Analysis{Run: in.Run, Identity: in.Identity}
	promptRef, err := s.put(ctx, an, document{artifact.Prompt, ".md", []byte(sent.Markdown())})
	if err != nil {
		return asked, err
	}
	answerRef, err := s.put(ctx, an, document{artifact.Answer, ".json", body})
	if err != nil {
		return asked, err
	}
	err = c.Mutate(ctx, func(r *bus.Record) error {
		if r.Answer == nil {
			r.Prompt, r.Answer = &promptRef, &answerRef
		}
		answerRef = *r.Answer
		return nil
	})
	if err != nil {
		return asked, err
	}
	return s.answered(ctx, answerRef)
}

// answered loads a stored answer.
func (s *Service) answered(ctx context.Context, ref events.ObjectRef) (ask.Exchange, error) {
	body, err := s.deps.Store.Get(ctx, ref, maxAnswer)
	if errors.Is(err, artifact.ErrUnavailable) {
		return ask.Exchange{}, bus.Wait(events.CodeStoreUnavailable, storePause, err)
	}
	if err != nil {
		return ask.Exchange{}, fmt.Errorf("load the answer: %w", err)
	}
	return ask.Load(body)
}
