package diagnosis

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// Run is what came of one case on one Flink.
type Run struct {
	Case  *Case
	Flink string
	Bad   []Captured // one for each repeat
	Good  []Captured
	Fail  string // why there is nothing to score: the case, not the tool, has failed
}

// Captured is one profile of a job.
type Captured struct {
	Input    analyzer.Input
	Analysis events.Analysis // by the rules
	Sent     float64         // records per second out of the operators of the sources, by Flink's counters; 0 is unknown
}

// Row is the score of one case on one Flink. Counts are out of the repeats.
type Row struct {
	Case, Flink, Date    string
	Repeats, GoodRepeats int
	First, TopThree      int // the planted cause
	Vertex, Fix          int
	Good                 int     // good variants without a warning
	Jaccard, JaccardWarn float64 // of all findings, and of those above info
	OffClean             bool    // no unrelated warning when the planted rules are off
	Speed, Back          events.Speed
	LLM                  []LLM
	Misses               []string
	Fail                 string
}

// Right reports whether the row has no miss.
func (r *Row) Right() bool { return r.Fail == "" && len(r.Misses) == 0 }

// NoModels measures the rules alone.
const NoModels = -1

// Measure scores a run, also with language models. Steps bounds what the shotgun among the scripted ones claims; 0 is all, and
// [NoModels] asks none of them.
func Measure(ctx context.Context, run *Run, providers []Provider, steps int) (Row, error) {
	row := Row{
		Case: run.Case.Name, Flink: run.Flink, Fail: run.Fail, Repeats: len(run.Bad), GoodRepeats: len(run.Good),
	}
	if run.Fail != "" || len(run.Bad) == 0 {
		return row, nil
	}
	t := &run.Case.Truth
	for i, c := range run.Bad {
		s := Bad(t, c.Analysis)
		row.First, row.TopThree = row.First+count(s.First), row.TopThree+count(s.TopThree)
		row.Vertex, row.Fix = row.Vertex+count(s.Vertex), row.Fix+count(s.Fix)
		row.note(fmt.Sprintf("bad %d", i+1), s.Misses)
	}
	for i, c := range run.Good {
		s := GoodVariant(run.Case.Good, c.Analysis)
		row.Good += count(len(s.Misses) == 0)
		row.note(fmt.Sprintf("good %d", i+1), s.Misses)
	}
	row.Jaccard = Jaccard(analyses(run.Bad), events.SeverityNone)
	row.JaccardWarn = Jaccard(analyses(run.Bad), events.SeverityWarning)
	row.compare(run)
	if err := row.switchOff(ctx, run); err != nil {
		return row, err
	}
	if steps != NoModels {
		if err := row.standIns(ctx, run, steps); err != nil {
			return row, err
		}
	}
	for _, p := range providers {
		if err := row.ask(ctx, run, p); err != nil {
			return row, err
		}
	}
	return row, nil
}

func (r *Row) note(where string, misses []string) {
	for _, m := range misses {
		r.Misses = append(r.Misses, where+": "+m)
	}
}

// compare judges the fix, and its undoing.
func (r *Row) compare(run *Run) {
	if len(run.Good) == 0 || run.Case.Truth.Negative() {
		return
	}
	bad, good := run.Bad[0].Analysis, run.Good[0].Analysis
	there, back := analyzer.Compare(bad, good), analyzer.Compare(good, bad)
	r.Speed, r.Back = there.Speed, back.Speed
	if there.Speed != events.SpeedFaster || !there.Fixed {
		r.Misses = append(r.Misses, fmt.Sprintf("bad to good: %s: %s", r.Speed, there.Summary))
	}
	if back.Speed != events.SpeedSlower || back.Fixed {
		r.Misses = append(r.Misses, fmt.Sprintf("good to bad: %s", r.Back))
	}
}

// switchOff looks what is found without the planted rules.
func (r *Row) switchOff(ctx context.Context, run *Run) error {
	in := run.Bad[0].Input
	in.Without = run.Case.Truth.Rule
	off, err := Rules(ctx, in)
	if err != nil {
		return err
	}
	replaced := Replaced(&run.Case.Truth, run.Bad[0].Analysis, off)
	r.OffClean = len(replaced) == 0 || run.Case.Truth.Negative()
	if !r.OffClean {
		r.Misses = append(r.Misses, "without the rule: "+strings.Join(replaced, ", "))
	}
	return nil
}

// Rules analyzes an input by the rules alone.
func Rules(ctx context.Context, in analyzer.Input) (events.Analysis, error) {
	return analyze(ctx, in, analyzer.LLMConfig{Provider: analyzer.ProviderRules})
}

func analyze(ctx context.Context, in analyzer.Input, llm analyzer.LLMConfig) (events.Analysis, error) {
	s, err := analyzer.New(analyzer.Config{LLM: llm, Version: "benchmark"},
		analyzer.Deps{HTTP: &http.Client{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return events.Analysis{}, fmt.Errorf("open the analyzer: %w", err)
	}
	a, err := s.Analyze(ctx, in)
	if err != nil {
		return a, fmt.Errorf("analyze: %w", err)
	}
	return a, nil
}

func count(ok bool) int {
	if ok {
		return 1
	}
	return 0
}

func analyses(all []Captured) []events.Analysis {
	var out []events.Analysis
	for _, c := range all {
		out = append(out, c.Analysis)
	}
	return out
}
