package analyzer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/compare"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/fingerprint"
	"squirrly.dev/services/analyzer/internal/rules"
	"squirrly.dev/services/analyzer/internal/scan"
)

// ModeDiff is the difference of two runs in one mode, all TaskManagers together and without idle threads.
type ModeDiff struct {
	Mode events.Mode
	Note string // what the weights are
	*flamegraph.Difference
}

// diffModes are the modes in the order in which differences are shown.
var diffModes = []events.Mode{events.ModeWall, events.ModeITimer, events.ModeCPU, events.ModeAlloc, events.ModeLock}

// Diff sets the pages of two runs side by side, for each mode that both have. load is the throughput of the second run
// over that of the first: weights are then those for each record. Without it (0) they are shares of the active samples.
// A page that cannot be read is an error beside the differences of the others.
func Diff(before, after []Page, title string, load float64) ([]ModeDiff, error) {
	was, is := parse(before), parse(after)
	var diffs []ModeDiff
	for _, mode := range diffModes {
		a, seconds := merged(was.captures, mode)
		b, secondsNow := merged(is.captures, mode)
		if a.Graph == nil || b.Graph == nil {
			continue
		}
		d := ModeDiff{Mode: mode, Note: fmt.Sprintf("%s, shares of the samples that are not idle.", mode)}
		if load > 0 && seconds > 0 && secondsNow > 0 {
			a.Amount = float64(a.Width[flamegraph.Root])
			b.Amount = a.Amount * load * secondsNow / seconds
			d.Note = fmt.Sprintf("%s, for each record, without idle samples; 100 %% is all of the baseline run.", mode)
		}
		d.Difference = flamegraph.Diff(a, b, flamegraph.DiffOptions{Title: title, Name: sameInEveryBuild})
		diffs = append(diffs, d)
	}
	return diffs, errors.Join(append(was.bad, is.bad...)...)
}

// sameInEveryBuild is the form of a name that survives a new build.
func sameInEveryBuild(name string) string { return fingerprint.Fold(flamegraph.Normalize(name)) }

var diffScanner = sync.OnceValue(func() *scan.Scanner { return scan.NewScanner(rules.Default()) })

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
	s := diffScanner().Scan(flamegraph.Merge(graphs...), rules.FamilyOf(mode))
	return flamegraph.Side{Graph: s.Graph, Width: s.ActiveWidth}, seconds
}

// graphs stores the differential flame graphs of a run and its baseline, as far as its captures are still there.
func (s *Service) graphs(ctx context.Context, base reference, in Input, c *events.Comparison) error {
	if base.analysis == nil || c == nil {
		return nil
	}
	rec, err := s.deps.Bus.Runs.Get(ctx, base.run)
	if errors.Is(err, bus.ErrNoRecord) || err == nil && rec.Artifact == nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load the captures of the baseline: %w", err)
	}
	before, err := s.inputs(ctx, rec, *rec.Artifact)
	if err != nil {
		return err
	}
	diffs, err := Diff(before.Pages, in.Pages, in.Identity.String(), Load(*c))
	if err != nil { // said already where the pages were analysed
		s.deps.Logger.WarnContext(ctx, "differential flame graph", "run", in.Run, "error", err)
	}
	for _, d := range diffs {
		var page bytes.Buffer
		if err := d.HTML(&page, d.Note+" Compared with run "+base.run+"."); err != nil {
			return bus.Permanent(events.CodeInternal, err)
		}
		an := events.Analysis{Run: in.Run, Identity: in.Identity}
		ref, err := s.put(ctx, an, document{artifact.Diff + "-" + string(d.Mode), ".html", page.Bytes()})
		if err != nil {
			return err
		}
		c.Graphs = append(c.Graphs, events.GraphRef{Mode: d.Mode, ObjectRef: ref})
	}
	return nil
}

// Load is the throughput over that of the baseline; 0 is unknown.
func Load(c events.Comparison) float64 {
	for _, m := range c.Measures {
		if m.Name == compare.NameThroughput && m.Before > 0 {
			return m.After / m.Before
		}
	}
	return 0
}
