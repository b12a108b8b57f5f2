package flamegraph

import (
	"crypto/sha256"
	_ "embed" // the page and its style
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"unicode"
)

//go:embed diff.html
var diffSource string

//go:embed diff.css
var diffStyle string

var diffTemplate = template.Must(template.New("diff").Parse(diffSource))

// Limits of the page: what is smaller cannot be seen.
const (
	leastShown  = 0.001 // of the width of the page
	maxCells    = 6000
	mostListed  = 12
	leastListed = 0.005 // of an amount
	rowHeight   = 18
	levels      = 4 // of each colour
)

// diffPage is what the template sees.
type diffPage struct {
	Title, Note string
	Policy      string
	Style       template.CSS
	Height      int
	Cells       []diffCell
	Hidden      int
	Lists       []diffList
}

// diffList is a table of functions.
type diffList struct {
	Title string
	Rows  []diffRow
}

// diffCell is a frame; X and W are percentages of the page's width.
type diffCell struct {
	X, W  string
	Y     int
	Class string
	Text  string // empty when there is no room
	Tip   string
}

type diffRow struct{ Name, Before, After, Delta string }

// HTML writes the difference as a flame graph: as wide as a frame is now, red
// where it grew and blue where it shrank. The page loads nothing and runs
// nothing; the browser's own search finds frames, and its width can be chosen.
func (d *Difference) HTML(w io.Writer, note string) error {
	sum := sha256.Sum256([]byte(diffStyle))
	p := diffPage{
		Title: plain(d.Title), Note: plain(note), Style: template.CSS(diffStyle), //nolint:gosec // our own file, embedded.
		Policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; base-uri 'none'; form-action 'none'",
	}
	gone := d.cells(&p)
	p.Lists = []diffList{
		{"Gone: called before and not any more", gone},
		{"Shrank most, by samples that end there", rowsOf(d.Shrunk(mostListed, leastListed))},
		{"Grew most, by samples that end there", rowsOf(d.Grown(mostListed, leastListed))},
	}
	if err := diffTemplate.Execute(w, p); err != nil {
		return fmt.Errorf("write differential flame graph: %w", err)
	}
	return nil
}

// cells lays the frames out, and returns those that are gone and therefore have no width.
func (d *Difference) cells(p *diffPage) (gone []diffRow) {
	left := make([]float64, len(d.nodes)) // where the next callee of a node begins
	for i := range d.nodes {
		n := &d.nodes[i]
		at := 0.0
		if n.parent >= 0 {
			at = left[n.parent]
			left[n.parent] += n.after
		}
		left[i] = at
		switch {
		case n.after == 0 && n.before >= leastListed && n.parent >= 0 && d.nodes[n.parent].after > 0 && len(gone) < mostListed:
			gone = append(gone, rowOf(NameChange{Name: n.name, Before: n.before}))
			continue
		case d.After == 0 || n.after/d.After < leastShown || len(p.Cells) == maxCells:
			p.Hidden++
			continue
		}
		p.Cells = append(p.Cells, d.cell(n, at))
		p.Height = max(p.Height, (int(n.level)+1)*rowHeight)
	}
	return gone
}

func (d *Difference) cell(n *diffNode, at float64) diffCell {
	const whole = 100
	wide := n.after / d.After * whole
	c := diffCell{
		X: hundredth(at / d.After * whole), W: hundredth(wide), Y: int(n.level) * rowHeight, Class: colour(n.before, n.after),
		Tip: plain(n.name) + ": " + share(n.after) + " now, " + share(n.before) + " before",
	}
	const textual = 1 // per cent: what is narrower shows no letter even on a wide page
	if wide >= textual {
		c.Text = AbbreviatePackages(plain(n.name))
	}
	return c
}

// colour is the class of a cell: "same", or g or s for grown and shrunk with a
// level from 1 to 4.
func colour(before, after float64) string {
	const noise, finest = 0.005, 0.1
	delta := after - before
	if delta < noise && delta > -noise {
		return "same"
	}
	relative := delta / max(before, after)
	letter := "g"
	if delta < 0 {
		letter, relative = "s", -relative
	}
	if relative < finest {
		return "same"
	}
	return letter + strconv.Itoa(min(levels, 1+int(relative*levels)))
}

func rowsOf(changes []NameChange) []diffRow {
	var rows []diffRow
	for _, x := range changes {
		rows = append(rows, rowOf(x))
	}
	return rows
}

func rowOf(x NameChange) diffRow {
	sign := "+"
	if x.Delta() < 0 {
		sign = "−"
	}
	return diffRow{Name: plain(x.Name), Before: share(x.Before), After: share(x.After), Delta: sign + share(max(x.Delta(), -x.Delta()))}
}

func share(x float64) string { return strconv.FormatFloat(x*100, 'f', 1, 64) + " %" } //nolint:mnd // per cent

func hundredth(x float64) string { return strconv.FormatFloat(x, 'f', 3, 64) + "%" }

// plain makes a name harmless to show: one line without invisible characters.
func plain(name string) string {
	const most = 500
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, name)
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return name
}
