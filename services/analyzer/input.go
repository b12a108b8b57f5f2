package analyzer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask"
	"squirrly.dev/services/analyzer/internal/compare"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/intake"
)

// File is a context file of the user's own.
type File struct {
	Name string
	Text string
}

// Input is what an analysis rests on.
type Input struct {
	Run      string
	Parent   string // the run that this one follows up
	Identity events.Identity
	Pages    []Page
	Context  *jobcontext.Context // nil: the pages alone
	Files    []File
	Prompt   string           // Markdown that replaces the configured prompt; empty keeps it
	Block    string           // form of the profile in the prompt, compact or html; empty keeps the configured one
	Missing  []string         // what should be there and is not, in sentences
	Without  []string         // rules that are left out, by id
	Baseline *events.Analysis // of an earlier run to compare with; nil is none
	Force    bool             // pages without any task of Flink, and a baseline of another job, are taken all the same
	Captured time.Time        // when the profiles began; zero is unknown
}

func (in *Input) miss(text string) {
	if text != "" {
		in.Missing = append(in.Missing, text)
	}
}

// compare sets an analysis beside the baseline, if there is one.
func (in *Input) compare(a *events.Analysis) {
	if in.Baseline == nil {
		return
	}
	c := compare.Compare(*in.Baseline, *a)
	if in.Force {
		c = compare.Insist(*in.Baseline, *a)
	}
	a.Comparison = &c
}

// ErrNoProfile says that none of the pages is a flame graph with samples.
var ErrNoProfile = errors.New("no usable profile")

// ErrNoTask says that no thread of a Flink task was recognized in any page. The text around it says why that can be, and
// what to give instead.
var ErrNoTask = intake.ErrNoTask

// diagnosis parses the pages and applies the rules.
func (s *Service) diagnosis(in Input) (diagnose.Result, error) {
	read := parse(in.Pages)
	if read.usable() == 0 {
		return diagnose.Result{}, errors.Join(append([]error{ErrNoProfile}, read.bad...)...)
	}
	if err := read.noTasks(); err != nil {
		if in.Context == nil && !in.Force {
			return diagnose.Result{}, err
		}
		in.miss(sentence(err.Error()))
	}
	res, err := diagnose.Diagnose(diagnose.Input{
		Captures: read.captures, Context: in.Context, PricePerCoreHour: s.cfg.CorePrice, Currency: s.cfg.Currency,
		Without: in.Without,
	})
	if err != nil {
		return res, fmt.Errorf("diagnose: %w", err)
	}
	a := &res.Analysis
	a.Schema, a.Run, a.Parent, a.Identity, a.CreatedAt = events.AnalysisSchema, in.Run, in.Parent, in.Identity, time.Now().UTC()
	a.CapturedAt = in.Captured.UTC()
	if in.Context != nil {
		a.JobID, a.JobName, a.FlinkVersion = in.Context.Job.ID, in.Context.Job.Name, in.Context.FlinkVersion
	}
	a.Provenance.Squirrly = s.cfg.Version
	a.Missing = append(a.Missing, in.Missing...)
	for _, err := range read.bad {
		a.Missing = append(a.Missing, sentence(err.Error()))
	}
	in.compare(a) // the LLM is told of it
	return res, nil
}

// Analyze analyses pages in memory, without bus or store. An LLM that fails leaves the rules' result, marked degraded.
func (s *Service) Analyze(ctx context.Context, in Input) (events.Analysis, error) {
	res, err := s.diagnosis(in)
	if err != nil {
		return events.Analysis{}, err
	}
	if s.provider == nil {
		return s.byRules(res.Analysis), nil
	}
	question, err := s.question(in, res)
	if err != nil {
		return res.Analysis, err
	}
	a, err := ask.Explain(ctx, s.provider, question)
	if err != nil {
		s.deps.Logger.WarnContext(ctx, "the LLM gave no usable answer", "error", err)
	}
	in.compare(&a)      // with what the LLM found
	return a, ctx.Err() //nolint:wrapcheck // the caller's own context.
}
