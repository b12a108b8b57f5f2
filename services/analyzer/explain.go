package analyzer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/explain"
	"squirrly.dev/services/analyzer/internal/prompt"
	"squirrly.dev/services/analyzer/internal/rules"
)

const maxAnswer = 1 << 20

// explain asks the LLM, if there is one, and merges what it says and the evidence carries into the rules' result. Its
// answer is chosen once: it is stored and noted in the record before it is used, and a later attempt loads it.
func (s *Service) explain(ctx context.Context, c *bus.Claim, in Input, res diagnose.Result) (events.Analysis, error) {
	if s.provider == nil {
		return s.byRules(res.Analysis), nil
	}
	ask, err := s.question(in, res)
	if err != nil {
		return res.Analysis, bus.Permanent(events.CodeInvalidRequest, err)
	}
	if err := c.Mutate(ctx, progress("asking "+s.provider.Name(), 90)); err != nil {
		return res.Analysis, err
	}
	if rec := c.Record(); rec.Answer != nil {
		asked, err := s.answered(ctx, *rec.Answer)
		if err == nil {
			return s.apply(ctx, ask, asked), nil
		}
		s.deps.Logger.WarnContext(ctx, "the stored answer cannot be used", "run", in.Run, "error", err)
	}
	asked, sent, err := explain.Ask(ctx, s.provider, ask)
	if err != nil {
		if ctx.Err() != nil {
			return res.Analysis, err //nolint:wrapcheck // the end of the step.
		}
		s.deps.Logger.WarnContext(ctx, "the LLM gave no usable answer", "run", in.Run, "error", err)
		return explain.Degrade(res.Analysis, s.provider.Name(), err), nil
	}
	if asked, err = s.choose(ctx, c, in, asked, sent); err != nil {
		return res.Analysis, err
	}
	return s.apply(ctx, ask, asked), nil
}

// byRules says who decided when nobody was asked.
func (s *Service) byRules(a events.Analysis) events.Analysis {
	a.Provenance.Provider = ProviderRules
	a.Provenance.Note = s.cfg.LLM.notice()
	return a
}

func (s *Service) apply(ctx context.Context, ask explain.Input, asked explain.Asked) events.Analysis {
	a, err := explain.Apply(ask, asked)
	if err != nil {
		s.deps.Logger.WarnContext(ctx, "the LLM gave no usable answer", "error", err)
	}
	return a
}

// choose stores prompt and answer and notes them in the record, unless another attempt was faster.
func (s *Service) choose(ctx context.Context, c *bus.Claim, in Input, asked explain.Asked, sent prompt.Prompt) (explain.Asked, error) {
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
func (s *Service) answered(ctx context.Context, ref events.ObjectRef) (explain.Asked, error) {
	body, err := s.deps.Store.Get(ctx, ref, maxAnswer)
	if errors.Is(err, artifact.ErrUnavailable) {
		return explain.Asked{}, bus.Wait(events.CodeStoreUnavailable, storePause, err)
	}
	if err != nil {
		return explain.Asked{}, fmt.Errorf("load the answer: %w", err)
	}
	return explain.Load(body) //nolint:wrapcheck // says what is wrong.
}

// question is what the LLM is asked about a diagnosis.
func (s *Service) question(in Input, res diagnose.Result) (explain.Input, error) {
	template := s.template
	if in.Prompt != "" {
		var err error
		if template, err = prompt.Parse(in.Prompt); err != nil {
			return explain.Input{}, fmt.Errorf("prompt of the request: %w", err)
		}
	}
	q := explain.Input{Prompt: prompt.Input{Analysis: res.Analysis, Template: template}, Idle: idle}
	for _, p := range res.Profiles {
		tree := prompt.Tree{Mode: p.Mode}
		for _, l := range p.Tree {
			tree.Lines = append(tree.Lines, prompt.Line{
				ID: l.ID, Depth: l.Depth, Frame: l.Frame, Share: l.Share, Self: l.Self, TE: l.TE,
			})
		}
		q.Prompt.Trees = append(q.Prompt.Trees, tree)
	}
	for _, f := range in.Files {
		q.Prompt.Files = append(q.Prompt.Files, prompt.File{Name: f.Name, Text: f.Text})
	}
	if in.Context != nil {
		q.Prompt.Settings = in.Context.Config
	}
	q.Prompt.Keys, q.Prompt.Links, q.Texts = allowed(res.Analysis.FlinkVersion)
	return q, nil
}

// allowed is what an answer may name beside the evidence: what the catalogue of rules names.
func allowed(flinkVersion string) (keys, links, texts []string) {
	c := rules.Default()
	for i := range c.Rules {
		r := &c.Rules[i]
		fix := r.Recommendation(flinkVersion)
		for _, change := range fix.Config {
			keys = append(keys, change.Key)
		}
		links = append(links, fix.Links...)
		texts = append(texts, r.Title, r.Cause, fix.Change, fix.Why, fix.TradeOffs)
	}
	slices.Sort(keys)
	slices.Sort(links)
	return slices.Compact(keys), slices.Compact(links), texts
}

// idle reports whether a frame marks an idle path of the catalogue: the last of its frames that is not one of the JDK's,
// since those (a sleep, a park) are where real waiting ends as well.
func idle(frame string) bool {
	return slices.ContainsFunc(idleMarks(), func(g string) bool { return rules.Match(g, frame) })
}

var idleMarks = sync.OnceValue(func() []string {
	var marks []string
	for _, i := range rules.Default().Idle {
		for _, text := range i.Frames {
			steps, err := rules.ParsePath(text)
			if err != nil {
				continue // the catalogue is checked when it is loaded
			}
			for _, step := range slices.Backward(steps) {
				if strings.HasPrefix(step.Glob, "org.apache.flink.") || len(steps) == 1 && !step.Class() {
					marks = append(marks, step.Glob)
					break
				}
			}
		}
	}
	return marks
})
