package report

import (
	"slices"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// section is a part of the text and the Markdown report: one kind of content under a heading.
type section struct {
	title   string
	note    string
	entries []entry  // findings
	items   []string // sentences
	table   *table
	pairs   []pair
}

// entry is what a section says about one finding.
type entry struct {
	id, title, note string
	mark            string // what is said when it is not proven
	text            string
	pairs           []pair
	evidence        []string
	links           []string
}

// table is a table of plain cells. Columns after the first that hold numbers are aligned to the right.
type table struct {
	head  []string
	right []bool
	code  []bool
	rows  [][]string
}

// outline is everything below the verdict, in order; empty sections are left out.
func (v view) outline() []section {
	sections := []section{
		v.vertices(), v.bottlenecks(), v.causes(), v.recommendations(), v.observations(),
		v.measures(), v.changes(), v.earlierAdvice(),
		{title: refused, note: refusedNote, items: v.Unverified},
		v.evidence(), v.captures(),
		{title: "Missing", items: v.Missing},
		v.readings(),
		{title: "How this result came about", pairs: v.ProvenanceLines()},
	}
	var kept []section
	for _, s := range sections {
		if len(s.entries)+len(s.items)+len(s.pairs) > 0 || s.table != nil {
			kept = append(kept, s)
		}
	}
	return kept
}

func (v view) vertices() section {
	if len(v.Vertices) == 0 {
		return section{}
	}
	t := &table{
		head:  []string{"Vertex", "Subtasks", "Busy", "Busiest", "Backpressured", "Records in/s", "out/s", "Role"},
		right: []bool{false, true, true, true, true, true, true, false},
		code:  []bool{true},
	}
	for _, x := range v.Vertices {
		t.rows = append(t.rows, []string{
			x.Short(), wording.Count(x.Parallelism), wording.Percent(x.Busy), wording.Percent(x.BusyMax), wording.Percent(x.BackPressured),
			wording.Rate(x.RecordsIn), wording.Rate(x.RecordsOut), x.Role,
		})
	}
	return section{title: "Vertices", note: "Averages over the capture windows.", table: t}
}

func (v view) bottlenecks() section {
	s := section{title: "Key Bottlenecks"}
	for _, f := range v.Findings {
		s.entries = append(s.entries, entry{
			id: f.ID, title: f.Title, mark: joined(". ", v.Mark(f), v.MarkNote(f)), note: v.Note(f), pairs: v.Bottleneck(f),
			evidence: f.Evidence,
		})
	}
	if len(v.Findings) == 0 {
		s.items = []string{"None."}
	}
	return s
}

func (v view) causes() section {
	s := section{title: "Root Causes"}
	for _, f := range v.Findings {
		if f.Cause != "" {
			e := entry{id: f.ID, title: wording.Place(f.Anchor, f.Frame), mark: v.Mark(f), text: f.Cause}
			for _, other := range v.OtherCauses(f) {
				e.pairs = append(e.pairs, pair{Name: "Or", Text: other})
			}
			s.entries = append(s.entries, e)
		}
	}
	return s
}

func (v view) recommendations() section {
	s := section{title: "Actionable Recommendations"}
	for _, f := range v.Findings {
		if lines := v.Advice(f); len(lines) > 0 {
			s.entries = append(s.entries, entry{id: f.ID, title: f.Title, mark: v.Mark(f), pairs: lines, links: f.Recommendation.Links})
		}
	}
	return s
}

func (v view) observations() section {
	s := section{title: "Additional Observations"}
	for _, o := range v.Observations {
		s.items = append(s.items, withEvidence(o))
	}
	for _, silenced := range v.Silenced {
		s.items = append(s.items, silenced.Text)
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

func (v view) evidence() section {
	if len(v.Evidence) == 0 {
		return section{}
	}
	t := &table{head: []string{"Id", "Fact", "From"}, right: []bool{false, false, false}}
	for _, f := range v.Evidence {
		t.rows = append(t.rows, []string{f.ID, f.Text, v.FactNote(f)})
	}
	return section{title: "Evidence", table: t}
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
		head:  []string{"TaskManager", "Mode", "Samples", "Size", "Status", "Notes"},
		right: []bool{false, false, true, true, false, false},
		code:  []bool{true},
	}
	for _, c := range v.Captures {
		t.rows = append(t.rows, []string{
			c.JVM, string(c.Mode), wording.Count(c.Samples), wording.Bytes(c.Bytes), c.Status, strings.Join(captureNotes(c), "; "),
		})
	}
	return section{title: "Captures", table: t}
}
