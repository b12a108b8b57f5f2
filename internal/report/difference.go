package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
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
		t.heading(s.title, s.note)
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

//go:embed difference.html
var differenceSource string

var differenceTemplate = template.Must(template.New("difference").Parse(differenceSource))

// DifferenceHTML writes a difference as one page that loads nothing and runs nothing.
func DifferenceHTML(w io.Writer, d Difference) error {
	title, sections, err := d.outline()
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(styleSource))
	page := differencePage{
		Title: title, Style: template.CSS(styleSource), //nolint:gosec // our own file, embedded.
		Policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; base-uri 'none'; form-action 'none'",
	}
	for _, s := range sections {
		page.Sections = append(page.Sections, sectionOf(s))
	}
	var b bytes.Buffer
	if err := differenceTemplate.Execute(&b, page); err != nil {
		return fmt.Errorf("write difference: %w", err)
	}
	return emit(w, b.String())
}

// differencePage is what the template sees.
type differencePage struct {
	Title    string
	Policy   string
	Style    template.CSS
	Sections []differenceSection
}

type differenceSection struct {
	Title, Note string
	Items       []string
	Head        []differenceCell
	Rows        [][]differenceCell
}

type differenceCell struct {
	Text   string
	Number bool
}

func sectionOf(s section) differenceSection {
	d := differenceSection{Title: s.title, Note: s.note, Items: s.items}
	if s.table == nil {
		return d
	}
	cellsOf := func(row []string) []differenceCell {
		out := make([]differenceCell, len(row))
		for i, text := range row {
			out[i] = differenceCell{text, s.table.right[i]}
		}
		return out
	}
	d.Head = cellsOf(s.table.head)
	for _, row := range s.table.rows {
		d.Rows = append(d.Rows, cellsOf(row))
	}
	return d
}

// outline makes the sections; every text in them is safe to show.
func (d Difference) outline() (title string, sections []section, err error) {
	v, err := newView(events.Analysis{Comparison: d.Comparison})
	if err != nil {
		return "", nil, err
	}
	for _, s := range []section{v.measures(), v.changes(), v.earlierAdvice()} {
		if len(s.items) > 0 || s.table != nil {
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
		sections = []section{{title: "No difference", items: []string{"Nothing changed by more than chance."}}}
	}
	return "From " + clean(d.Before) + " to " + clean(d.After), sections, nil
}

func frameSection(title, note string, frames []FrameChange) section {
	t := &table{
		head: []string{"Function", "Before", "Now", "Change"}, right: []bool{false, true, true, true}, code: []bool{true},
	}
	for _, f := range frames {
		sign, delta := "+", f.After-f.Before
		if delta < 0 {
			sign, delta = "−", -delta
		}
		t.rows = append(t.rows, []string{clean(f.Name), wording.Percent(f.Before), wording.Percent(f.After), sign + wording.Percent(delta)})
	}
	return section{title: title, note: note, table: t}
}

func emit(w io.Writer, text string) error {
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("write difference: %w", err)
	}
	return nil
}
