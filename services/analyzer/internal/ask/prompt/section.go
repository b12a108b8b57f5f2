package prompt

import (
	"cmp"
	"slices"
	"strings"

	"squirrly.dev/internal/redact"
)

// row is a line of a section, with what it is worth beside the others of a block.
type row struct {
	section int // in the order of the block
	id      string
	text    string
	worth   float64 // that of [always] comes first
	with    int     // position of the row that must be there, too; -1 is none
	tokens  int
	kept    bool
}

// always is the worth of what comes before everything else.
const always = 100

// block collects the sections of a block of the map, and takes of their rows what fits its budget.
type block struct {
	cleaner
	title    string // in the fences
	budget   int    // tokens, with the fences
	used     int    // of it, at most
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

// The marks of a list of ids in the text of a row, which no name can hold: control characters are replaced in all of them.
const (
	listBegins = "\x01"
	listEnds   = "\x02"
)

// ids is a list of ids: when it is written, those are left out that the map has no row for.
func (b *block) ids(all ...string) string {
	clean := make([]string, 0, len(all))
	for _, id := range all {
		if id != "" {
			clean = append(clean, b.name(id))
		}
	}
	return listBegins + strings.Join(clean, " ") + listEnds
}

// entry adds a row that tells of an id, which is its first value.
func (b *block) entry(worth float64, id string, values ...string) int {
	at := b.row(worth, append([]string{b.name(id)}, values...)...)
	b.rows[at].id = b.name(id)
	return at
}

// choose takes the rows that are worth most, as many as the budget allows.
func (b *block) choose() error {
	left, err := CountTokens(b.fence(b.title, "x"))
	if err != nil {
		return err
	}
	left, b.used = b.budget-left, left
	order, err := b.byWorth()
	if err != nil {
		return err
	}
	begun := make([]bool, len(b.headings))
	for _, i := range order {
		r := &b.rows[i]
		cost := r.tokens
		if !begun[r.section] {
			n, err := CountTokens(b.headings[r.section] + "\n\n")
			if err != nil {
				return err
			}
			cost += n
		}
		if cost > left || r.with >= 0 && !b.rows[r.with].kept {
			continue
		}
		left, b.used = left-cost, b.used+cost
		r.kept, begun[r.section] = true, true
	}
	return nil
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

// shed leaves out what is worth least, until that many tokens are saved or nothing is left.
func (b *block) shed(tokens int) {
	order, _ := b.byWorth() // counted before
	for _, i := range slices.Backward(order) {
		if tokens <= 0 {
			return
		}
		for at := range b.rows {
			if r := &b.rows[at]; r.kept && (at == i || r.with == i) {
				r.kept, tokens = false, tokens-r.tokens
			}
		}
	}
}

// fenced writes the rows that were taken, between their fences; without any it is empty. It returns the tokens, too.
func (b *block) fenced(has map[string]bool, secrets *redact.Redactor) (string, int, error) {
	text := b.fence(b.title, secrets.Text(b.write(has)))
	n, err := CountTokens(text)
	return text, n, err
}

func (b *block) write(has map[string]bool) string {
	var out strings.Builder
	last := -1
	for i := range b.rows {
		r := &b.rows[i]
		if !r.kept {
			continue
		}
		if r.section != last {
			if last = r.section; out.Len() > 0 {
				out.WriteByte('\n')
			}
			out.WriteString(b.headings[last] + "\n")
		}
		out.WriteString(listed(r.text, has) + "\n")
	}
	return out.String()
}

// listed writes the lists of ids in the text of a row, those that have a row.
func listed(text string, has map[string]bool) string {
	for {
		before, rest, ok := strings.Cut(text, listBegins)
		if !ok {
			return text
		}
		list, after, _ := strings.Cut(rest, listEnds)
		ids := strings.Join(slices.DeleteFunc(strings.Fields(list), func(id string) bool { return !has[id] }), " ")
		if at, ok := strings.CutSuffix(before, inOperator); ok && ids == "" {
			before = at
		} else if ids == "" {
			ids = unknown
		}
		text = before + ids + after
	}
}

// fit takes what fits of the profile and of the other blocks, and writes them: no block exceeds its budget, all together keep to
// that of the map, and no list names an id without a row.
func fit(profile *block, blocks []*block, secrets *redact.Redactor) (texts map[string]string, tokens map[string]int, err error) {
	left := MaxMapTokens
	for _, b := range blocks {
		if err := b.choose(); err != nil {
			return nil, nil, err
		}
		left -= b.used
	}
	profile.budget = max(0, min(profile.budget, left))
	if err := profile.choose(); err != nil {
		return nil, nil, err
	}
	blocks = append(blocks, profile)
	for {
		texts, tokens = map[string]string{}, map[string]int{}
		has, over := rowsOf(blocks), false
		for _, b := range blocks {
			text, n, err := b.fenced(has, secrets)
			if err != nil {
				return nil, nil, err
			}
			texts[b.title], tokens[b.title] = text, n
			if n > b.budget { // what is hidden in several rows together may be longer than they were
				over = true
				b.shed(n - b.budget)
			}
		}
		if !over {
			return texts, tokens, nil
		}
	}
}

// rowsOf are the ids that have a row.
func rowsOf(blocks []*block) map[string]bool {
	has := map[string]bool{}
	for _, b := range blocks {
		for i := range b.rows {
			if r := &b.rows[i]; r.kept && r.id != "" {
				has[r.id] = true
			}
		}
	}
	return has
}
