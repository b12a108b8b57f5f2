package report

import (
	"cmp"
	"strings"

	"squirrly.dev/pkg/events"
)

// textWriter builds the text report.
type textWriter struct {
	b     strings.Builder
	width int
	color bool
	whole string // how to get the whole report
}

const (
	defaultWidth = 88
	indent       = "  "
	nameWidth    = 20 // of the names of pairs
	barCells     = 8
	maxID        = 12 // of the id of a finding or a fact
	maxColumn    = 16 // of a column of a table, but the first
	minName      = 12 // of the first column of a table, unless nothing else can give way
	minColumn    = 9  // of a column of text in a table
	arrow        = " → "
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
	return &textWriter{width: max(60, min(120, width)), color: o.Color, whole: cmp.Or(o.Whole, "--full, or -o html")}
}

func (t *textWriter) paint(s style, text string) string {
	if !t.color || text == "" || s == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

func (t *textWriter) line(text string) { t.b.WriteString(strings.TrimRight(text, " ") + "\n") }

// page writes everything.
func (t *textWriter) page(v view, sections []section) {
	t.head(v)
	t.line("")
	t.pairs(v.verdictFacts(), indent)
	t.notices(v)
	for _, s := range sections {
		switch s.Title {
		case evidenceTitle:
			t.heading(s.Title, "")
			t.evidence(v)
		case flameTitle: // it is a picture
		case jobTitle:
			t.heading(s.Title, s.Note)
			t.graph(s.Graph)
			t.vertices(v.Vertices)
			t.pairs(s.Pairs, indent)
		default:
			t.heading(s.Title, s.Note)
			t.section(s)
		}
	}
	t.line("")
}

// head is the job and the verdict.
func (t *textWriter) head(v view) {
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
}

// notices are what a reader has to know of the run.
func (t *textWriter) notices(v view) {
	if len(v.Died) > 0 {
		t.line("")
		t.bullet("! ", v.OptedOut(), yellow)
	}
	if !v.Degraded {
		return
	}
	t.line("")
	t.bullet("! ", degraded, yellow)
	for _, why := range v.DegradedWhy {
		t.bullet("  ", why, yellow)
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
	for i, e := range s.Entries {
		if i > 0 {
			t.line("")
		}
		t.entry(e)
	}
	for _, item := range s.Items {
		t.bullet("· ", item, "")
	}
	t.pairs(s.Pairs, indent)
	if s.Table != nil {
		t.table(s.Table)
	}
}

// graph writes the lines of the job graph.
func (t *textWriter) graph(lines [][]step) {
	for _, line := range lines {
		for i, part := range join(names(line), arrow, t.width-2*len(indent)) {
			if i > 0 {
				part = indent + strings.TrimSpace(arrow) + " " + part
			}
			t.line(indent + part)
		}
	}
}

// entry writes what a section says about a finding: its id and title on a line, the rest below, indented.
func (t *textWriter) entry(e entry) {
	below := t.entryHead(e.ID, e.Title, e.Meta(), e.Severity)
	lines := e.Pairs
	for _, link := range e.Links {
		lines = append(lines, pair{Name: docs, Text: link})
	}
	if len(e.Evidence) > 0 {
		lines = append(lines, pair{Name: evidenceTitle, Text: strings.Join(e.Evidence, ", ")})
	}
	for _, r := range e.Readings {
		lines = append(lines, pair{Name: "Model", Text: suggests + ": " + string(r.Kind) + ": " + r.Text})
	}
	t.pairs(lines, below)
}

// entryHead writes the id, the title and the small print of a finding, and returns the margin of what follows.
func (t *textWriter) entryHead(id, title, meta string, severity events.Severity) string {
	id = pad(shorten(id, maxID), 3)
	below := indent + strings.Repeat(" ", cells(id)+1)
	for i, line := range wrap(title, t.width-len(below)) {
		if i == 0 {
			t.line(indent + t.paint(cyan, id) + " " + t.paint(bold, line))
			continue
		}
		t.line(below + t.paint(bold, line))
	}
	for i, line := range wrap(meta, t.width-len(below)) {
		first, rest, _ := strings.Cut(line, " ")
		if i > 0 || severity == "" {
			t.line(below + t.paint(dim, line))
			continue
		}
		t.line(below + t.paint(severityStyle(severity), first) + t.paint(dim, " "+rest))
	}
	return below
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
		lines := wrap(joined("", p.Text, strings.Join(p.List, arrow)), room)
		for i, line := range lines {
			name := ""
			if i == 0 {
				name = shorten(p.Name, nameWidth)
			}
			if p.Strong {
				line = t.paint(bold, line)
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
		t.line(indent + mark + t.paint(s, line))
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
