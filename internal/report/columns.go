package report

import (
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

func (t *textWriter) evidence(v view) {
	cited := v.cited()
	left := 0
	for _, f := range v.Evidence {
		if !cited[f.ID] {
			left++
			continue
		}
		t.pairs([]pair{{Name: pad(shorten(f.ID, maxID), 3), Text: f.Text + parenthesis(v.FactNote(f))}}, indent)
	}
	if left > 0 {
		t.bullet("+ ", wording.Plural(left, "further fact")+" in the other formats.", dim)
	}
}

func (t *textWriter) vertices(loads []events.VertexLoad) {
	tab := &table{
		head:  []string{"", "", "Busy", "", "Max", "Backpressured", "In/s", "Out/s", ""},
		right: []bool{false, false, false, true, true, true, true, true, false},
	}
	wide := barCells
	if t.width < defaultWidth {
		wide = narrowBar
	}
	for _, x := range loads {
		tab.rows = append(tab.rows, []string{
			x.Short(), "×" + wording.Count(x.Parallelism), bar(x.Busy, wide), wording.Percent(x.Busy), wording.Percent(x.BusyMax), wording.Percent(x.BackPressured),
			wording.Rate(x.RecordsIn), wording.Rate(x.RecordsOut), x.Role,
		})
	}
	t.table(tab)
}

func (t *textWriter) captures(captures []events.CaptureStats) {
	tab := &table{
		head:  []string{"", "Mode", "Samples", "Size", "Status"},
		right: []bool{false, false, true, true, false},
	}
	for _, c := range captures {
		tab.rows = append(tab.rows, []string{c.JVM, string(c.Mode), wording.Count(c.Samples), wording.Bytes(c.Bytes), c.Status})
	}
	t.table(tab)
	for _, c := range captures {
		for _, note := range captureNotes(c) {
			t.bullet("· ", string(c.Mode)+" of "+c.JVM+": "+note, "")
		}
	}
}

// bar draws a share in a few cells; an unknown one is empty.
func bar(share float64, wide int) string {
	if share < 0 {
		return ""
	}
	full := int(max(0, min(1, share))*float64(wide) + 0.5)
	return strings.Repeat("█", full) + strings.Repeat("░", wide-full)
}

// table writes columns; the first one gives way when the page is too narrow.
func (t *textWriter) table(tab *table) {
	widths := make([]int, len(tab.head))
	for _, row := range append([][]string{tab.head}, tab.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], min(cells(cell), maxColumn))
		}
	}
	rest := len(indent)
	for _, w := range widths[1:] {
		rest += w + 2
	}
	widths[0] = 0
	for _, row := range tab.rows {
		widths[0] = max(widths[0], cells(row[0]))
	}
	widths[0] = max(minColumn, min(widths[0], t.width-rest))
	t.line(indent + t.paint(dim, tab.row(tab.head, widths)))
	for _, row := range tab.rows {
		t.line(indent + tab.row(row, widths))
	}
}

func (tab *table) row(row []string, widths []int) string {
	var b strings.Builder
	for i, cell := range row {
		cell = shorten(cell, widths[i])
		if i > 0 {
			b.WriteString("  ")
		}
		if tab.right[i] {
			b.WriteString(strings.Repeat(" ", widths[i]-cells(cell)) + cell)
			continue
		}
		b.WriteString(pad(cell, widths[i]))
	}
	return strings.TrimRight(b.String(), " ")
}
