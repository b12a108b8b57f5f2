package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"golang.org/x/term"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/report"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

const formatFull = "full" // the whole text, in files

// Layouts of a report.
const (
	layoutFindings = "findings"
	layoutSections = "sections"
)

// noFail means that no severity makes the command fail.
const noFail = events.Severity("")

const (
	maxAnalysis  = 16 << 20
	usualColumns = 80
)

// render writes an analysis in the chosen format.
func (a *app) render(w io.Writer, format string, an events.Analysis) error {
	switch format {
	case formatJSON:
		return report.JSON(w, an)
	case formatMarkdown:
		return report.Markdown(w, an, a.reportOptions(w))
	case formatHTML:
		return report.HTML(w, an, a.reportOptions(w))
	}
	o := a.reportOptions(w)
	o.Full = o.Full || format == formatFull
	return report.Text(w, an, o)
}

// reportOptions fit a text to where it goes: as wide as the terminal, or the usual 80 columns.
func (a *app) reportOptions(w io.Writer) report.Options {
	return report.Options{
		Width: a.columns(w), Color: a.color(w), Full: a.flags.full, Headings: a.flags.layout == layoutSections,
	}
}

// columns are those of the terminal that w is, else the usual 80.
func (a *app) columns(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil {
			return columns
		}
	}
	return usualColumns
}

// conclude prints what became of a run that ended.
func (a *app) conclude(ctx context.Context, store *artifact.Store, rec run.Record, failOn events.Severity) error {
	if rec.State != events.StateAnalyzed {
		if a.flags.output == formatJSON {
			if err := a.json(rec); err != nil {
				return err
			}
		}
		return outcomeError(rec.State, rec.Outcome)
	}
	return a.printResult(ctx, store, rec, failOn)
}

func (a *app) printResult(ctx context.Context, store *artifact.Store, rec run.Record, failOn events.Severity) error {
	an, err := loadAnalysis(ctx, store, rec)
	if err != nil {
		return err
	}
	if err := a.render(a.out, a.flags.output, an); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	return failOnSeverity(an, failOn)
}

// failOnSeverity makes findings of a severity the exit code.
func failOnSeverity(an events.Analysis, failOn events.Severity) error {
	if failOn == noFail || !an.Severity.AtLeast(failOn) {
		return nil
	}
	return &coded{code: exitFindings, quiet: true, err: fmt.Errorf("findings of severity %s", an.Severity)}
}

func loadAnalysis(ctx context.Context, store *artifact.Store, rec run.Record) (events.Analysis, error) {
	var an events.Analysis
	if rec.Analysis == nil {
		return an, fmt.Errorf("run %s has no stored analysis", rec.Run)
	}
	const fresh = time.Minute // what was named so recently may not be everywhere yet
	get := store.Get
	if time.Since(rec.Updated) < fresh {
		get = store.Await
	}
	b, err := get(ctx, *rec.Analysis, maxAnalysis)
	if errors.Is(err, artifact.ErrGone) {
		return an, &coded{code: exitNotFound, err: fmt.Errorf("analysis of run %s: %w", rec.Run, err)}
	}
	if err != nil {
		return an, fmt.Errorf("analysis of run %s: %w", rec.Run, err)
	}
	if err := json.Unmarshal(b, &an); err != nil {
		return an, fmt.Errorf("analysis of run %s: %w", rec.Run, err)
	}
	return an, nil
}

// clean keeps text from outside from steering the terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}
