package pipeline

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/input"
	"squirrly.dev/services/analyzer/internal/intake"
	"squirrly.dev/services/analyzer/internal/page"
)

// ErrNoProfile says that none of the pages is a flame graph with samples.
var ErrNoProfile = errors.New("no usable profile")

// ErrNoTask says that no thread of a Flink task was recognized in any page. The text around it says why that can be, and
// what to give instead.
var ErrNoTask = intake.ErrNoTask

// Diagnose parses the pages, applies the rules, and compares the result with the baseline.
func (p *Pipeline) Diagnose(in input.Input) (diagnose.Result, error) {
	read := page.Read(in.Pages)
	if read.Usable() == 0 {
		return diagnose.Result{}, errors.Join(append([]error{ErrNoProfile}, read.Bad...)...)
	}
	if err := read.NoTasks(); err != nil {
		if in.Context == nil && !in.Force {
			return diagnose.Result{}, err
		}
		in.Miss(sentence(err.Error()))
	}
	res, err := diagnose.Diagnose(diagnose.Input{
		Captures: read.Captures, Context: in.Context, PricePerCoreHour: p.CorePrice, Currency: p.Currency, Without: in.Without,
	})
	if err != nil {
		return res, fmt.Errorf("%w: %w", ErrNoProfile, err)
	}
	a := &res.Analysis
	p.identify(a, &in)
	for _, err := range read.Bad {
		a.Missing = append(a.Missing, sentence(err.Error()))
	}
	compareWithBaseline(&in, a) // the LLM is told of it
	return res, nil
}

// identify says what an analysis is of, what its input lacks, and who made it.
func (p *Pipeline) identify(a *events.Analysis, in *input.Input) {
	a.Schema, a.Run, a.Parent, a.Identity, a.CreatedAt = events.AnalysisSchema, in.Run, in.Parent, in.Identity, time.Now().UTC()
	a.CapturedAt = in.Captured.UTC()
	if in.Context != nil {
		a.JobID, a.JobName, a.FlinkVersion = in.Context.Job.ID, in.Context.Job.Name, in.Context.FlinkVersion
	}
	a.Provenance.Squirrly = p.Version
	a.Missing = append(a.Missing, in.Missing...)
}

// sentence makes the text of an error one.
func sentence(text string) string {
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
