package prompt

import (
	"cmp"
	"slices"
	"strings"
)

// row is a line of a section, with what it is worth beside the others of a block.
type row struct {
	section int // in the order of the block
	text    string
	worth   float64 // that of [always] comes first
	with    int     // position of the row that must be there, too; -1 is none
	tokens  int
}

// always is the worth of what comes before everything else.
const always = 100

// block collects the sections of a block.
type block struct {
	cleaner
	headings []string
	rows     []row
}

// section begins one, with its columns.
func (b *block) section(title string, columns ...string) {
	if len(columns) > 0 {
		title += ": " + strings.Join(columns, " | ")
	}
	b.headings = append(b.headings, "# "+title)
}

// row adds a row to the last section, and returns its position. Empty values are written as unknown.
func (b *block) row(worth float64, values ...string) int {
	for i, v := range values {
		if v == "" {
			values[i] = unknown
		}
	}
	return b.line(worth, strings.Join(values, " | "))
}

// line adds a row that is no table's.
func (b *block) line(worth float64, text string) int {
	b.rows = append(b.rows, row{section: len(b.headings) - 1, text: text, worth: worth, with: -1})
	return len(b.rows) - 1
}

// detail adds a line that tells more of a row.
func (b *block) detail(of int, worth float64, name, text string) {
	if text == "" {
		return
	}
	at := b.line(worth, "  "+name+": "+text)
	b.rows[at].with = of
}

// unknown stands for a value that is not known, or none.
const unknown = "-"

// text writes the block, whole or cut to a budget of tokens: then what is worth least is left out.
func (b *block) text(budget int) (string, error) {
	kept := make([]bool, len(b.rows))
	if budget <= 0 {
		for i := range kept {
			kept[i] = true
		}
		return b.write(kept), nil
	}
	order, err := b.byWorth()
	if err != nil {
		return "", err
	}
	begun := make([]bool, len(b.headings))
	for _, i := range order {
		r := &b.rows[i]
		cost := r.tokens
		if !begun[r.section] {
			n, err := CountTokens(b.headings[r.section] + "\n\n")
			if err != nil {
				return "", err
			}
			cost += n
		}
		if cost > budget || r.with >= 0 && !kept[r.with] {
			continue
		}
		budget -= cost
		kept[i], begun[r.section] = true, true
	}
	return b.write(kept), nil
}

// byWorth counts the tokens of the rows and returns their positions, those worth most first.
func (b *block) byWorth() ([]int, error) {
	order := make([]int, len(b.rows))
	for i := range b.rows {
		n, err := CountTokens(b.rows[i].text + "\n")
		if err != nil {
			return nil, err
		}
		order[i], b.rows[i].tokens = i, n
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(b.rows[y].worth, b.rows[x].worth) })
	return order, nil
}

func (b *block) write(kept []bool) string {
	var out strings.Builder
	last := -1
	for i := range b.rows {
		if !kept[i] {
			continue
		}
		if r := &b.rows[i]; r.section != last {
			if last = r.section; out.Len() > 0 {
				out.WriteByte('\n')
			}
			out.WriteString(b.headings[last] + "\n")
		}
		out.WriteString(b.rows[i].text + "\n")
	}
	return out.String()
}
