package report

import (
	"encoding/json"
	"fmt"
	"io"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// Difference is what came out of comparing two runs, or two sets of flame graphs.
type Difference struct {
	Before     string             `json:"before"` // what was compared with what
	After      string             `json:"after"`
	Comparison *events.Comparison `json:"comparison,omitempty"` // nil: flame graphs alone were compared
	Profiles   []ProfileChange    `json:"profiles,omitempty"`
}

// ProfileChange is what changed in the profiles of one mode.
type ProfileChange struct {
	Mode   events.Mode   `json:"mode"`
	Note   string        `json:"note"` // what the weights are
	Grown  []FrameChange `json:"grown"`
	Shrunk []FrameChange `json:"shrunk"`
}

// FrameChange is the weight of the samples that end in a function.
type FrameChange struct {
	Name   string  `json:"name"`
	Before float64 `json:"before"`
	After  float64 `json:"after"`
}

// DifferenceText writes a difference for a terminal or a log.
func DifferenceText(w io.Writer, d Difference, o Options) error {
	title, sections, err := d.outline()
	if err != nil {
		return err
	}
	t := newTextWriter(o)
	for _, line := range wrap(title, t.width) {
		t.line(t.paint(bold, line))
	}
	for _, s := range sections {
		t.heading(s.Title, s.Note)
		t.section(s)
	}
	t.line("")
	return emit(w, t.b.String())
}

// DifferenceMarkdown writes a difference as Markdown.
func DifferenceMarkdown(w io.Writer, d Difference) error {
	title, sections, err := d.outline()
	if err != nil {
		return err
	}
	m := new(markdownWriter)
	m.line("# ", escape(title))
	m.line()
	for _, s := range sections {
		m.section(s)
	}
	return emit(w, m.b.String())
}

// DifferenceJSON writes a difference as it is, indented.
func DifferenceJSON(w io.Writer, d Difference) error {
	b, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("encode difference: %w", err)
	}
	return emit(w, string(visibleJSON(b)))
}

// DifferenceHTML writes a difference as one page that loads nothing and runs nothing.
func DifferenceHTML(w io.Writer, d Difference) error {
	title, sections, err := d.outline()
	if err != nil {
		return err
	}
	return writePage(w, "difference", differencePage{sheet: newSheet(sections, nil), Title: title})
}

// differencePage is what the template sees.
type differencePage struct {
	sheet

	Title string
}

// outline makes the sections; every text in them is safe to show.
func (d Difference) outline() (title string, sections []section, err error) {
	v, err := newView(events.Analysis{Comparison: d.Comparison})
	if err != nil {
		return "", nil, err
	}
	for _, s := range []section{v.measures(), v.changes(), v.earlierAdvice()} {
		if !s.empty() {
			sections = append(sections, s)
		}
	}
	for _, p := range d.Profiles {
		for _, list := range []struct {
			title  string
			frames []FrameChange
		}{{"Grew most", p.Grown}, {"Shrank most", p.Shrunk}} {
			if len(list.frames) > 0 {
				sections = append(sections, frameSection(list.title+", "+clean(string(p.Mode)), clean(p.Note), list.frames))
			}
		}
	}
	if len(sections) == 0 {
		sections = []section{{Title: "No difference", Items: []string{"Nothing changed by more than chance."}}}
	}
	return "From " + clean(d.Before) + " to " + clean(d.After), sections, nil
}

func frameSection(title, note string, frames []FrameChange) section {
	t := &table{
		Head: []string{"Function", "Before", "Now", "Change"}, Right: []bool{false, true, true, true},
	}
	for _, f := range frames {
		sign, delta := "+", f.After-f.Before
		if delta < 0 {
			sign, delta = "−", -delta
		}
		row := plain(clean(f.Name), wording.Percent(f.Before), wording.Percent(f.After), sign+wording.Percent(delta))
		row[0].Code = true
		t.Rows = append(t.Rows, row)
	}
	return section{Title: title, Note: note, Table: t}
}

func emit(w io.Writer, text string) error {
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("write difference: %w", err)
	}
	return nil
}
