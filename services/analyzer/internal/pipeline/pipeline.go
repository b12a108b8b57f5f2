// Package pipeline is the one way from what was captured to an analysis, for runs on the bus and for files alike: parse →
// diagnose → compare with the baseline → ask the LLM once → check what it says → compare again, with what it found.
//
// It knows neither bus nor store. What outlives an attempt is in the hands of a [Memory].
package pipeline

import (
	"context"
	"log/slog"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask"
	"squirrly.dev/services/analyzer/internal/compare"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/input"
	"squirrly.dev/services/analyzer/internal/llm"
	"squirrly.dev/services/analyzer/internal/question"
)

// Pipeline is what all analyses of a process share. It is safe for concurrent use.
type Pipeline struct {
	Provider  llm.Provider // nil: the rules alone
	Notice    string       // who decides, for analyses of the rules alone
	Questions question.Builder
	CorePrice float64 // of a core for an hour; 0: findings have cores and no costs
	Currency  string  // of CorePrice
	Version   string  // of this program, for the provenance of results
	Logger    *slog.Logger
}

// How much of a run is done at each step, in percent; what is below is of the collector and of reading what it stored.
const (
	percentEvidence = 85
	percentAsking   = 90
)

// Analyze makes the analysis of an input. An LLM that fails leaves the rules' result, marked degraded; only the end of ctx
// and errors of the memory, of the profiles ([ErrNoProfile], [ErrNoTask]) and of the request ([question.ErrPrompt]) are
// errors.
func (p *Pipeline) Analyze(ctx context.Context, in input.Input, m Memory) (events.Analysis, error) {
	if err := m.Progress(ctx, "computing evidence", percentEvidence); err != nil {
		return events.Analysis{}, err
	}
	res, err := p.Diagnose(in)
	if err != nil {
		return events.Analysis{}, err
	}
	if err := m.FollowUps(ctx, res.FollowUps); err != nil {
		return res.Analysis, err
	}
	if p.Provider == nil {
		res.Analysis.Provenance.Note = p.Notice
		return res.Analysis, nil
	}
	a, err := p.explain(ctx, &in, &res, m)
	if err == nil {
		compareWithBaseline(&in, &a) // with what the LLM found
	}
	return a, err
}

// explain asks the LLM and merges what it says and the evidence carries into the rules' result. Its answer is chosen once:
// it is kept before it is used, and a later attempt uses the one that was kept.
func (p *Pipeline) explain(ctx context.Context, in *input.Input, res *diagnose.Result, m Memory) (events.Analysis, error) {
	q, err := p.Questions.Build(in, res)
	if err != nil {
		return res.Analysis, err
	}
	if err := m.Progress(ctx, "asking "+p.Provider.Name(), percentAsking); err != nil {
		return res.Analysis, err
	}
	chosen, err := m.Answer(ctx)
	if err != nil {
		return res.Analysis, err
	}
	if chosen == nil {
		asked, sent, err := ask.Ask(ctx, p.Provider, q)
		if ctx.Err() != nil {
			return res.Analysis, ctx.Err() //nolint:wrapcheck // the caller's own context.
		}
		if err != nil {
			return p.unanswered(ctx, res.Analysis, asked, err, m)
		}
		if asked, err = m.Keep(ctx, asked, sent); err != nil {
			return res.Analysis, err
		}
		chosen = &asked
	}
	a, err := ask.Apply(q, *chosen)
	if err != nil {
		p.warn(ctx, in.Run, err)
	}
	return a, nil
}

// unanswered ends the attempt when there may be an answer later, else leaves the rules' result, marked degraded.
func (p *Pipeline) unanswered(ctx context.Context, a events.Analysis, asked ask.Exchange, why error, m Memory) (events.Analysis, error) {
	if llm.Temporary(why) {
		if later := m.Later(why); later != nil {
			return a, later
		}
	}
	p.warn(ctx, a.Run, why)
	return ask.Degrade(a, asked, why), nil
}

func (p *Pipeline) warn(ctx context.Context, run string, err error) {
	p.Logger.WarnContext(ctx, "the LLM gave no usable answer", "run", run, "error", err)
}

// Question returns what [Pipeline.Analyze] would ask about an input. It needs no provider.
func (p *Pipeline) Question(in input.Input) (ask.Input, error) {
	res, err := p.Diagnose(in)
	if err != nil {
		return ask.Input{}, err
	}
	return p.Questions.Build(&in, &res)
}

// compareWithBaseline sets an analysis beside the baseline, if there is one.
func compareWithBaseline(in *input.Input, a *events.Analysis) {
	if in.Baseline == nil {
		return
	}
	c := compare.Compare(*in.Baseline, *a)
	if in.Force {
		c = compare.Insist(*in.Baseline, *a)
	}
	a.Comparison = &c
}
