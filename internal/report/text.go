package report

import (
	"strings"

	"squirrly.dev/pkg/events"
)

// textWriter builds the text report.
type textWriter struct {
	b     strings.Builder
	width int
	color bool
}

const (
	defaultWidth = 88
	indent       = "  "
	nameWidth    = 20 // of the names of pairs
	barCells     = 8
	narrowBar    = 5  // cells, on a page of less than the default width
	maxID        = 12 // of the id of a finding or a fact
	maxColumn    = 16 // of a column of a table, but the first
	minColumn    = 12 // of the first column of a table
)

// style is an ANSI attribute.
type style string

const (
	bold   style = "1"
	dim    style = "2"
	red    style = "1;31"
	green  style = "1;32"
	yellow style = "1;33"
	cyan   style = "36"
)

func newTextWriter(o Options) *textWriter {
	width := o.Width
	if width == 0 {
		width = defaultWidth
	}
	return &textWriter{width: max(60, min(120, width)), color: o.Color}
}

func (t *textWriter) paint(s style, text string) string {
	if !t.color || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

func (t *textWriter) line(text string) { t.b.WriteString(strings.TrimRight(text, " ") + "\n") }

func (t *textWriter) page(v view) string {
	t.verdict(v)
	for _, s := range v.outline() {
		t.heading(s.title, s.note)
		switch s.title {
		case "Vertices":
			t.vertices(v.Vertices)
		case "Evidence":
			t.evidence(v)
		case "Captures":
			t.captures(v.Captures)
		case suggests:
			t.readings(s)
		default:
			t.section(s)
		}
	}
	t.line("")
	return t.b.String()
}

func (t *textWriter) verdict(v view) {
	for _, line := range wrap(v.Title(), t.width) {
		t.line(t.paint(bold, line))
	}
	for _, line := range join(v.About(), " · ", t.width) {
		t.line(t.paint(dim, line))
	}
	t.line(t.paint(dim, strings.Repeat("─", t.width)))
	word := v.Label() + ":"
	text := wrap(word+" "+v.Headline(), t.width)
	for i, line := range text {
		if rest, ok := strings.CutPrefix(line, word); ok && i == 0 {
			line = t.paint(severityStyle(v.Severity), word) + t.paint(bold, rest)
		} else {
			line = t.paint(bold, line)
		}
		t.line(line)
	}
	t.line("")
	t.pairs(v.VerdictFacts(), indent)
	if len(v.Died) > 0 {
		t.line("")
		t.bullet("! ", v.OptedOut(), yellow)
	}
	if !v.Degraded {
		return
	}
	t.line("")
	for i, why := range append([]string{"Degraded: a part of the analysis could not be done."}, v.DegradedWhy...) {
		t.bullet(map[bool]string{true: "! ", false: "  "}[i == 0], why, yellow)
	}
}

func (t *textWriter) heading(title, note string) {
	t.line("")
	t.line(t.paint(bold, title))
	for _, line := range wrap(note, t.width-len(indent)) {
		t.line(indent + t.paint(dim, line))
	}
}

func (t *textWriter) section(s section) {
	for i, e := range s.entries {
		if i > 0 {
			t.line("")
		}
		t.entry(e)
	}
	for _, item := range s.items {
		t.bullet("· ", item, "")
	}
	t.pairs(s.pairs, indent)
	if s.table != nil {
		t.table(s.table)
	}
}

// entry writes what a section says about a finding: its id and title on a line, the rest below, indented.
func (t *textWriter) entry(e entry) {
	id := pad(shorten(e.id, maxID), 3)
	below := indent + strings.Repeat(" ", cells(id)+1)
	for i, line := range wrap(e.title, t.width-len(below)) {
		if i == 0 {
			t.line(indent + t.paint(cyan, id) + " " + t.paint(bold, line))
			continue
		}
		t.line(below + t.paint(bold, line))
	}
	for _, line := range wrap(e.mark, t.width-len(below)) {
		t.line(below + t.paint(yellow, line))
	}
	for _, line := range wrap(e.note, t.width-len(below)) {
		severity, rest, _ := strings.Cut(line, " ")
		t.line(below + t.paint(severityStyle(events.Severity(severity)), severity) + t.paint(dim, " "+rest))
	}
	for _, line := range wrap(e.text, t.width-len(below)) {
		t.line(below + line)
	}
	lines := e.pairs
	for _, link := range e.links {
		lines = append(lines, pair{Name: "See", Text: link})
	}
	if len(e.evidence) > 0 {
		lines = append(lines, pair{Name: "Evidence", Text: strings.Join(e.evidence, ", ")})
	}
	t.pairs(lines, below)
}

// pairs writes names and texts in two columns.
func (t *textWriter) pairs(pairs []pair, margin string) {
	column := 0
	for _, p := range pairs {
		column = max(column, cells(p.Name)+2)
	}
	column = min(column, nameWidth+2)
	for _, p := range pairs {
		room := t.width - len(margin) - column
		lines := wrap(p.Text, room)
		for _, name := range p.List {
			lines = append(lines, shorten(name, max(room, 16)))
		}
		for i, line := range lines {
			name := ""
			if i == 0 {
				name = p.Name
			}
			t.line(margin + t.paint(dim, pad(name, column)) + line)
		}
	}
}

func (t *textWriter) bullet(mark, text string, s style) {
	for i, line := range wrap(text, t.width-len(indent)-2) {
		if i > 0 {
			mark = "  "
		}
		if s != "" {
			line = t.paint(s, line)
		}
		t.line(indent + mark + line)
	}
}

func severityStyle(s events.Severity) style {
	switch s {
	case events.SeverityCritical:
		return red
	case events.SeverityWarning:
		return yellow
	case events.SeverityInfo:
		return cyan
	}
	return green
}
