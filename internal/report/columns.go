package report

import (
	"slices"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

func (t *textWriter) evidence(v view) {
	left := 0
	for _, f := range v.Evidence {
		if len(v.citing[f.ID]) == 0 {
			left++
			continue
		}
		t.pairs([]pair{{Name: pad(shorten(f.ID, maxID), 3), Text: f.Text + parenthesis(v.factNote(f))}}, indent)
	}
	if left > 0 {
		t.bullet("+ ", wording.Plural(left, "further fact")+" in the other formats.", dim)
	}
}

// From how many columns on the table of vertices has what a narrower one leaves to the graph and the other forms.
const (
	roomForRoles = 72
	roomForBars  = 100
)

func (t *textWriter) vertices(loads []events.VertexLoad) {
	tab := &table{Head: []string{"", "", "Busy", "Backpressured", "In/s", "Out/s"}, Right: []bool{false, true, true, true, true, true}}
	at := func(i int, head string, right bool) {
		tab.Head, tab.Right = slices.Insert(tab.Head, i, head), slices.Insert(tab.Right, i, right)
	}
	if t.width >= roomForRoles {
		at(3, "Busiest", true)
		at(len(tab.Head), "", false)
	}
	if t.width >= roomForBars {
		at(2, "", false)
	}
	for _, x := range loads {
		row := plain(x.Short(), "×"+wording.Count(x.Parallelism), wording.Percent(x.Busy), wording.Percent(x.BackPressured),
			wording.Rate(x.RecordsIn), wording.Rate(x.RecordsOut))
		if t.width >= roomForRoles {
			row = append(slices.Insert(row, 3, cell{Text: wording.Percent(x.BusyMax)}), cell{Text: role(x)})
		}
		if t.width >= roomForBars {
			row = slices.Insert(row, 2, cell{Text: cellBar(x.Busy)})
		}
		tab.Rows = append(tab.Rows, row)
	}
	t.table(tab)
}

// cellBar draws a share in a few cells; an unknown one is empty.
func cellBar(share float64) string {
	if share < 0 {
		return ""
	}
	full := int(max(0, min(1, share))*barCells + 0.5)
	return strings.Repeat("█", full) + strings.Repeat("░", barCells-full)
}

// table writes columns; the first one gives way when the page is too narrow.
func (t *textWriter) table(tab *table) {
	widths := make([]int, len(tab.Head))
	measure := func(i int, text string) { widths[i] = max(widths[i], min(cells(text), maxColumn)) }
	for i, text := range tab.Head {
		measure(i, text)
	}
	widths[0] = 0
	for _, row := range tab.Rows {
		widths[0] = max(widths[0], cells(row[0].Text))
		for i := 1; i < len(row); i++ {
			measure(i, row[i].Text)
		}
	}
	rest := len(indent)
	for _, w := range widths[1:] {
		rest += w + 2
	}
	widths[0] = max(minColumn, min(widths[0], t.width-rest))
	t.line(indent + t.paint(dim, tab.row(plain(tab.Head...), widths)))
	for _, row := range tab.Rows {
		t.line(indent + tab.row(row, widths))
	}
}

func (tab *table) row(row []cell, widths []int) string {
	var b strings.Builder
	for i := range row {
		text := shorten(row[i].Text, widths[i])
		if i > 0 {
			b.WriteString("  ")
		}
		if tab.Right[i] {
			b.WriteString(strings.Repeat(" ", widths[i]-cells(text)) + text)
			continue
		}
		b.WriteString(pad(text, widths[i]))
	}
	return strings.TrimRight(b.String(), " ")
}
