package report

import (
	"slices"
	"strconv"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

const (
	flameRow    = 24  // pixels between two levels: what a finger can hit
	flameLevels = 24  // that are drawn; the table has them all
	linkWidth   = 0.1 // share of the width from which on a frame can be followed to its row of the table
)

// flameBar is a frame of the flame graph, placed.
type flameBar struct {
	Name, Short string
	At, Wide    string // in percent of the width
	Top, Middle int    // in pixels
	Depth       int
	Share       string
	Samples     string
	Finding     string // id of the finding that is about it
	Tone        string // class of its color
	Drawn       bool
	Linked      bool
}

// flame is the flame graph of what limits the job, from the top down.
func (v view) flame() section {
	g := v.Flame
	if g == nil || g.Samples <= 0 || len(g.Frames) == 0 {
		return section{}
	}
	s := section{Title: flameTitle, Note: joined(" ", g.Vertex+", by", wording.Plural(g.Samples, "sample"), "of", string(g.Mode)+
		" without idle ones. The width is the share of the time, callers above what they call."), Flame: placed(g)}
	return s
}

// placed lays the frames out. Frames that claim more than those above them have are cut.
func placed(g *events.Flame) []flameBar {
	type span struct{ from, to float64 } // what is left of a level
	var open []span
	whole := float64(g.Samples)
	open = append(open, span{0, 1})
	var out []flameBar
	for _, f := range g.Frames {
		depth := max(0, min(f.Depth, len(open)-1))
		at := &open[depth]
		wide := max(0, min(float64(f.Samples)/whole, at.to-at.from))
		bar := flameBar{
			Name: f.Name, Short: wording.Frame(f.Name), At: percent(at.from), Wide: percent(wide), Top: depth * flameRow,
			Middle: depth*flameRow + flameRow*2/3, Depth: depth, Share: wording.Percent(float64(f.Samples) / whole),
			Samples: wording.Count(f.Samples), Finding: f.Finding, Tone: toneOf(f),
			Drawn: depth < flameLevels, Linked: depth < flameLevels && wide >= linkWidth,
		}
		open = append(slices.Clip(open[:depth+1]), span{at.from, at.from + wide})
		open[depth].from += wide
		out = append(out, bar)
	}
	return out
}

// percent writes a share for a picture.
func percent(x float64) string { return strconv.FormatFloat(x*100, 'f', 2, 64) + "%" }

// toneOf tells the code of the job, of libraries and of the machine apart.
func toneOf(f events.FlameFrame) string {
	switch {
	case f.Finding != "":
		return "found"
	case strings.Contains(f.Name, "::") || !strings.Contains(f.Name, ".") || strings.HasPrefix(f.Name, "/"):
		return "native"
	case wording.Library(f.Name):
		return "library"
	}
	return "own"
}

// Height is that of the picture, in pixels.
func (s section) Height() int {
	deepest := 0
	for _, b := range s.Flame {
		if b.Drawn {
			deepest = max(deepest, b.Depth)
		}
	}
	return (deepest + 1) * flameRow
}
