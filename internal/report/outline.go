package report

import (
	"slices"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// section is a part of the report below the verdict, alike in all forms: one kind of content under a heading.
type section struct {
	Title   string
	Note    string
	Fold    bool       // a page shows it when it is opened
	Entries []entry    // findings
	Graph   [][]step   // the job
	Flame   []flameBar // the page alone draws it
	Items   []string   // sentences
	Table   *table
	Pairs   []pair
}

func (s section) empty() bool {
	return len(s.Entries)+len(s.Items)+len(s.Pairs)+len(s.Graph)+len(s.Flame) == 0 && s.Table == nil
}

// table is a table. Columns after the first that hold numbers are aligned to the right.
type table struct {
	Head  []string
	Right []bool
	Keep  int   // a column of text that never gives way; 0 is none
	Spare []int // columns that a narrow page of text does without, in this order
	Rows  [][]cell
}

// cell is a cell of a table. Text says it all; the rest is for forms that can do more.
type cell struct {
	Text string
	Code bool     // a name of the job's code
	Bar  *barView // a picture of a share of time
	Link string   // a file beside the report
	Cite []string // ids of facts or findings, which Text lists
	Mark string   // id of the fact that the row is about
	Tone string   // class of the row
	// Anchor is the name of the row in a page.
	Anchor string
}

// plain are cells of text.
func plain(texts ...string) []cell {
	cells := make([]cell, len(texts))
	for i, text := range texts {
		cells[i].Text = text
	}
	return cells
}

// outline is everything below the verdict, in order; empty sections are left out.
func (v view) outline(o Options) []section {
	first := []section{v.findings(), v.flame(), v.job(), v.operators()}
	remarks := "Observations"
	if o.Headings {
		first = append([]section{v.job()}, v.headings()...)
		remarks = "Additional Observations"
	}
	sections := append(first,
		v.observations(remarks), v.measures(), v.changes(), v.earlierAdvice(),
		section{Title: refused, Note: refusedNote, Items: v.Unverified},
		v.readings(), v.evidence(), v.captures(),
		section{Title: "Missing", Items: v.Missing},
		section{Title: provenance, Fold: true, Pairs: v.provenanceLines()})
	return slices.DeleteFunc(sections, section.empty)
}

const provenance = "How this result came about"

func (v view) observations(title string) section {
	s := section{Title: title}
	for _, o := range v.Observations {
		s.Items = append(s.Items, withEvidence(o))
	}
	for _, silenced := range v.Silenced {
		s.Items = append(s.Items, silenced.Text)
	}
	return s
}

func withEvidence(o events.Observation) string {
	return o.Text + parenthesis(strings.Join(o.Evidence, ", "))
}

// joined puts the texts together that are not empty.
func joined(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), separator)
}

func parenthesis(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// captureNotes are what is to be known of a capture, and what to do about it.
func captureNotes(c events.CaptureStats) []string {
	if c.Hint == "" {
		return c.Notes
	}
	return append(slices.Clip(c.Notes), c.Hint)
}

func (v view) captures() section {
	if len(v.Captures) == 0 {
		return section{}
	}
	t := &table{
		Head:  []string{"TaskManager", "Mode", "Samples", "Size", "Status", "Notes"},
		Right: []bool{false, false, true, true, false, false},
	}
	for _, c := range v.Captures {
		row := plain(c.JVM, string(c.Mode), wording.Count(c.Samples), wording.Bytes(c.Bytes), c.Status, strings.Join(captureNotes(c), "; "))
		row[0].Code, row[1].Link = true, captureLink(c.Key)
		t.Rows = append(t.Rows, row)
	}
	return section{Title: "Captures", Table: t}
}
