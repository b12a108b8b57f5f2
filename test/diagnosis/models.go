package diagnosis

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// Provider is a language model to measure.
type Provider struct {
	Name string
	LLM  analyzer.LLMConfig
}

// LLM is the column of a language model, on the first capture of the bad variant.
type LLM struct {
	Name             string
	Cause            bool // the planted cause is first
	Change           bool // and the first change of it is the fix
	Proven           int  // printed as proven, and not what the rules say
	Supported        int  // printed as supported, and not the planted cause: the most of one answer
	Accepted, Claims int
	Tokens           int
	CostUSD          float64
	Degraded         string
}

// ErrUnheard is the error of a scripted model that was not asked, or not heard: then nothing was measured.
var ErrUnheard = errors.New("the answer of the language model was not used")

// column is what an analysis with a model is worth.
func column(name string, t *Truth, rules, a events.Analysis) LLM {
	e := Compared(rules, a)
	p := a.Provenance
	return LLM{
		Name: name, Cause: Bad(t, a).First, Change: t.change(a), Proven: len(e.Proven), Supported: t.unplanted(e.Supported),
		Accepted: e.Claims.Verified, Claims: e.Claims.Verified + e.Claims.Dropped,
		Tokens: p.TokensIn + p.TokensOut, CostUSD: p.CostUSD, Degraded: e.Degraded,
	}
}

// change reports whether the first change of the first finding is the fix; where nothing is planted, whether there is none.
func (t *Truth) change(a events.Analysis) bool {
	if t.Negative() {
		return len(Bad(t, a).Misses) == 0
	}
	if len(a.Findings) == 0 || !t.planted(a.Findings[0]) {
		return false
	}
	first := a.Findings[0]
	first.Alternatives = nil
	return len(t.Fix) == 0 || t.Fix.In(fixTexts(first)...)
}

// unplanted counts findings that are neither the planted cause nor one that the truth names beside it.
func (t *Truth) unplanted(all []events.Finding) int {
	n := 0
	for _, f := range all {
		if !t.planted(f) && !slices.Contains(t.Order, f.Rule) {
			n++
		}
	}
	return n
}

// ask measures a real language model.
func (r *Row) ask(ctx context.Context, run *Run, p Provider) error {
	first := run.Bad[0]
	a, err := analyze(ctx, first.Input, p.LLM)
	if err != nil {
		return err
	}
	r.models(column(p.Name, &run.Case.Truth, first.Analysis, a))
	return nil
}

// standIns measures the scripted models: the rules alone, the honest reader, the worst of the liars, and the shotgun.
func (r *Row) standIns(ctx context.Context, run *Run, steps int) error {
	t, err := NewTrial(ctx, run.Bad[0].Input)
	if err != nil {
		return err
	}
	defer t.Close()
	report, err := t.Run(ctx, run.Case.Name, &run.Case.Truth, steps)
	if err != nil {
		return err
	}
	if report.Honest.Claims == 0 && len(t.Rules.Findings) > 0 {
		return fmt.Errorf("honest: %w: %s", ErrUnheard, report.Honest.Degraded)
	}
	for _, l := range []LLM{report.Rules, report.Honest, report.Worst} {
		r.models(l)
	}
	for _, m := range slices.Concat(report.ProvenFalse, report.Broken) {
		r.Misses = append(r.Misses, "with a lying model: "+m)
	}
	if report.MostAtOnce > 1 {
		r.Misses = append(r.Misses, fmt.Sprintf("one answer got %d findings supported", report.MostAtOnce))
	}
	for kind, n := range report.Sayings {
		if n.Found > 0 {
			r.Misses = append(r.Misses, fmt.Sprintf("hostile words (%s) were told %d times", kind, n.Found))
		}
	}
	return nil
}

// models adds a column. A model may take nothing away that the rules found.
func (r *Row) models(l LLM) {
	r.LLM = append(r.LLM, l)
	rules := r.LLM[0]
	if l.Proven > 0 || rules.Cause && !l.Cause || rules.Change && !l.Change {
		r.Misses = append(r.Misses, fmt.Sprintf("with %s: %s", l.Name, l))
	}
}
