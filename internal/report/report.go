// Package report writes an analysis for people, one report in four forms: as text for a terminal or a log, as Markdown, as
// one self-contained HTML page, and as JSON.
//
// The verdict and what can be gained come first, then the job with what limits it, then one section for each finding, then
// what they rest on. Frame names, job names and the words of a language model are hostile text: each writer makes them
// harmless for its form. The package is pure. It computes nothing about a job and judges nothing: what an analysis does not
// hold does not belong here.
package report

import (
	"fmt"
	"io"

	"squirrly.dev/pkg/events"
)

// Options are choices about a report. The zero value is the short text, and the usual order of sections.
type Options struct {
	Width    int    // columns of the text, 60 to 120; 0 is 88
	Color    bool   // ANSI colours in the text; for terminals that have them
	Full     bool   // the text holds everything; else the verdict, the job and what to change
	Whole    string // how to get the whole report, as a short text says it; empty is by the flags of the command line
	Headings bool   // findings stand below the four headings Key Bottlenecks, Root Causes, Actionable Recommendations and Additional Observations
}

// Text writes the report for a terminal or a log. The four headings are never short.
func Text(w io.Writer, a events.Analysis, o Options) error {
	return render(w, a, func(v view) string {
		t := newTextWriter(o)
		if o.Full || o.Headings {
			t.page(v, v.outline(o))
		} else {
			t.short(v)
		}
		return t.b.String()
	})
}

// Markdown writes the report in GitHub's dialect of Markdown.
func Markdown(w io.Writer, a events.Analysis, o Options) error {
	return render(w, a, func(v view) string { return new(markdownWriter).page(v, v.outline(o)) })
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
