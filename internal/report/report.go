// Package report writes an analysis for people: as text for a terminal or a log, as Markdown, as one self-contained
// HTML page, and as JSON.
//
// The verdict comes first, then the findings in the four sections Key Bottlenecks, Root Causes, Actionable
// Recommendations and Additional Observations, then what they rest on. Frame names, job names and the words of a
// language model are hostile text: each writer makes them harmless for its format. The package is pure. It computes
// nothing about a job and judges nothing: what an analysis does not hold does not belong here.
package report

import (
	"fmt"
	"io"

	"squirrly.dev/pkg/events"
)

// Options are choices about the text.
type Options struct {
	Width int  // columns, 60 to 120; 0 is 88
	Color bool // ANSI colours; for terminals that have them
}

// Text writes the report for a terminal or a log.
func Text(w io.Writer, a events.Analysis, o Options) error {
	return render(w, a, func(v view) string { return newTextWriter(o).page(v) })
}

// Markdown writes the report in GitHub's dialect of Markdown.
func Markdown(w io.Writer, a events.Analysis) error {
	return render(w, a, func(v view) string { return new(markdownWriter).page(v) })
}

func render(w io.Writer, a events.Analysis, page func(view) string) error {
	v, err := newView(a)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, page(v)); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}
