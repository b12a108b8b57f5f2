// Package diffgraph sets the flame graphs of two runs side by side.
package diffgraph

import (
	"errors"
	"fmt"
	"sync"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/fingerprint"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/page"
	"squirrly.dev/services/analyzer/internal/scan"
)

// Diff is the difference of two runs in one mode, all TaskManagers together and without idle threads.
type Diff struct {
	Mode events.Mode
	Note string // what the weights are
	*flamegraph.Difference
}

// modes are the modes in the order in which differences are shown.
var modes = []events.Mode{events.ModeWall, events.ModeITimer, events.ModeCPU, events.ModeAlloc, events.ModeLock}

// Of sets the pages of two runs side by side, for each mode that both have. load is the throughput of the second run
// over that of the first: weights are then those for each record. Without it (0) they are shares of the active samples.
// A page that cannot be read is an error beside the differences of the others.
func Of(before, after []page.Page, title string, load float64) ([]Diff, error) {
	was, is := page.Read(before), page.Read(after)
	var diffs []Diff
	for _, mode := range modes {
		a, seconds := merged(was.Captures, mode)
		b, secondsNow := merged(is.Captures, mode)
		if a.Graph == nil || b.Graph == nil {
			continue
		}
		d := Diff{Mode: mode, Note: fmt.Sprintf("%s, shares of the samples that are not idle.", mode)}
		if load > 0 && seconds > 0 && secondsNow > 0 {
			a.Amount = float64(a.Width[flamegraph.Root])
			b.Amount = a.Amount * load * secondsNow / seconds
			d.Note = fmt.Sprintf("%s, for each record, without idle samples; 100 %% is all of the baseline run.", mode)
		}
		d.Difference = flamegraph.Diff(a, b, flamegraph.DiffOptions{Title: title, Name: sameInEveryBuild})
		diffs = append(diffs, d)
	}
	return diffs, errors.Join(append(was.Bad, is.Bad...)...)
}

// sameInEveryBuild is the form of a name that survives a new build.
func sameInEveryBuild(name string) string { return fingerprint.Fold(flamegraph.Normalize(name)) }

var scanner = sync.OnceValue(func() *scan.Scanner { return scan.NewScanner(mechanisms.Default()) })

// merged adds up the captures of a mode and leaves out what is idle.
func merged(captures []diagnose.Capture, mode events.Mode) (flamegraph.Side, float64) {
	var graphs []*flamegraph.Graph
	seconds := 0.0
	for _, c := range captures {
		if c.Mode == mode && c.Graph != nil {
			graphs = append(graphs, c.Graph)
			seconds = max(seconds, c.Seconds)
		}
	}
	if len(graphs) == 0 {
		return flamegraph.Side{}, 0
	}
	s := scanner().Scan(flamegraph.Merge(graphs...), mechanisms.FamilyOf(mode))
	return flamegraph.Side{Graph: s.Graph, Width: s.ActiveWidth}, seconds
}
