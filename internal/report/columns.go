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
	roomy := t.width >= roomForRoles
	// What says the same in every row has no column.
	several := slices.ContainsFunc(loads, func(x events.VertexLoad) bool { return x.Parallelism > 1 })
	uneven := slices.ContainsFunc(loads, func(x events.VertexLoad) bool { return wording.Percent(x.Busy) != wording.Percent(x.BusyMax) })
	tab := &table{}
	for _, column := range []struct {
		head  string
		right bool
		shown bool
		text  func(events.VertexLoad) string
	}{
		{"", false, true, events.VertexLoad.Short},
		{"", true, several, func(x events.VertexLoad) string { return "×" + wording.Count(x.Parallelism) }},
		{"", false, t.width >= roomForBars, func(x events.VertexLoad) string { return cellBar(x.Busy) }},
		{"Busy", true, true, func(x events.VertexLoad) string { return wording.Percent(x.Busy) }},
		{"Busiest", true, roomy && uneven, func(x events.VertexLoad) string { return wording.Percent(x.BusyMax) }},
		{"Backpressured", true, true, func(x events.VertexLoad) string { return wording.Percent(x.BackPressured) }},
		{"In/s", true, true, recordsIn},
		{"Out/s", true, true, func(x events.VertexLoad) string { return wording.Rate(x.RecordsOut) }},
		{"", false, roomy, role},
	} {
		if !column.shown {
			continue
		}
		tab.Head, tab.Right = append(tab.Head, column.head), append(tab.Right, column.right)
		for i, x := range loads {
			if len(tab.Rows) == i {
				tab.Rows = append(tab.Rows, nil)
			}
			tab.Rows[i] = append(tab.Rows[i], cell{Text: column.text(x)})
		}
	}
	if roomy {
		tab.Keep = len(tab.Head) - 1
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

// table writes columns that fit into the page, see fitted.
func (t *textWriter) table(tab *table) {
	tab, widths := tab.fitted(t.width - len(indent))
	t.line(indent + t.paint(dim, tab.row(plain(tab.Head...), widths)))
	for _, row := range tab.Rows {
		t.line(indent + tab.row(row, widths))
	}
}

// fitted is a table with columns that fit into a width: texts give way, the first column before the others and the widest
// before the narrower, and then the columns that a narrow page can do without.
func (tab *table) fitted(width int) (*table, []int) {
	widths := tab.measured()
	over := func() int {
		sum := -2
		for _, w := range widths {
			sum += w + 2
		}
		return sum - width
	}
	for over() > 0 {
		if at := tab.widest(widths); at >= 0 {
			widths[at]--
			continue
		}
		if len(tab.Spare) == 0 {
			break
		}
		tab = tab.without(tab.Spare[0])
		widths = tab.measured()
	}
	return tab, widths
}

// measured are the widths of all columns that nothing is too narrow for.
func (tab *table) measured() []int {
	widths := make([]int, len(tab.Head))
	for i, text := range tab.Head {
		widths[i] = cells(text)
	}
	for _, row := range tab.Rows {
		for i := range row {
			widths[i] = max(widths[i], cells(row[i].Text))
		}
	}
	for i := 1; i < len(widths); i++ {
		widths[i] = min(widths[i], maxColumn)
	}
	return widths
}

// widest is the column of text that gives way next; -1 when none can.
func (tab *table) widest(widths []int) int {
	if widths[0] > minName {
		return 0
	}
	at := -1
	for i, w := range widths {
		if !tab.Right[i] && (i == 0 || i != tab.Keep) && w > minColumn && (at < 0 || w > widths[at]) {
			at = i
		}
	}
	return at
}

// without is a copy that lacks a column.
func (tab *table) without(column int) *table {
	less := &table{Head: slices.Delete(slices.Clone(tab.Head), column, column+1), Right: slices.Delete(slices.Clone(tab.Right), column, column+1)}
	for _, row := range tab.Rows {
		less.Rows = append(less.Rows, slices.Delete(slices.Clone(row), column, column+1))
	}
	for _, i := range tab.Spare[1:] {
		if i > column {
			i--
		}
		less.Spare = append(less.Spare, i)
	}
	return less
}

func (tab *table) row(row []cell, widths []int) string {
	var b strings.Builder
	for i := range row {
		text := shortenWords(row[i].Text, widths[i])
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
