package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/scan"
)

// counting is what the counts of an analysis refer to, as the catalogue says it.
func counting(c *mechanisms.Catalogue) *events.Counting {
	f := &c.Frames
	out := &events.Counting{
		TaskRoots: f.Roots.Task, SourceRoots: f.Roots.Source,
		Operators: events.OperatorRule{Entries: f.Operators.Entries, Except: f.Operators.Except, Gates: f.Operators.Gates},
		Outputs:   f.Outputs, Waits: f.Waits, Libraries: f.Libraries, NotLibraries: f.NotLibraries, Shaded: f.Shaded,
	}
	for _, i := range c.Idle {
		out.Idle = append(out.Idle, events.IdlePath{
			ID: i.ID, Meaning: i.Meaning, Frames: i.Frames, NotBelow: i.NotBelow, Native: i.Native, OutsideTasks: i.OutsideTasks,
		})
	}
	for _, k := range f.Categories {
		out.Categories = append(out.Categories, events.WorkCategory{Name: k.Name, Frames: k.Frames})
	}
	return out
}

// counted completes a description with where it was counted and what came of it.
func counted(c events.Count, mode events.Mode, n uint64, jvms ...string) *events.Count {
	c.Mode, c.JVMs, c.Samples = mode, jvms, samples(n)
	return &c
}

// in does the same for one JVM.
func (j *jvmScan) counted(c events.Count, n uint64) *events.Count {
	c.Unit = j.unit()
	return counted(c, j.Mode, n, j.JVM)
}

// unit is that of values that are no samples, as pages of --total have them; empty is samples.
func (j *jvmScan) unit() string {
	if j.raw.Unit == flamegraph.UnitSamples {
		return ""
	}
	return j.raw.Unit
}

func (m *modeScans) unit() string {
	for _, s := range m.scans {
		if unit := s.unit(); unit != "" {
			return unit
		}
	}
	return ""
}

// samples names what the pages of a mode count.
func (m *modeScans) samples() string {
	if unit := m.unit(); unit != "" {
		return fmt.Sprintf("%s values in %s", m.mode, unit)
	}
	return string(m.mode) + " samples"
}

// amount is a number of them.
func (m *modeScans) amount(n int64) string {
	if unit := m.unit(); unit != "" {
		return wording.Count(n) + " " + unit
	}
	return wording.Count(n) + " samples"
}

// partOf is a count with the whole that it is a share of.
func partOf(part, whole *events.Count) *events.Count {
	part.Of = whole
	return part
}

func (m *modeScans) jvms() []string {
	var out []string
	for _, s := range m.scans {
		out = append(out, s.JVM)
	}
	return out
}

// counted completes a description for all JVMs of a mode.
func (m *modeScans) counted(c events.Count, n uint64) *events.Count {
	c.Unit = m.unit()
	return counted(c, m.mode, n, m.jvms()...)
}

// active is what shares of a mode refer to.
func (m *modeScans) active(merged *scan.Scan) *events.Count {
	return m.counted(events.Count{}, merged.Active())
}

// modeScansOf returns the captures that carry a family: those of one mode.
func (r *reading) modeScansOf(f mechanisms.Family) *modeScans {
	for _, m := range r.modes {
		if mechanisms.FamilyOf(m.mode) == f {
			return m
		}
	}
	return nil
}

// tallyAll counts descriptions in all captures of a mode, and what is not idle there.
func tallyAll(m *modeScans, list []events.Count) (sums []uint64, active uint64) {
	ask := make([]*events.Count, len(list))
	for i := range list {
		ask[i] = &list[i]
	}
	sums = make([]uint64, len(list))
	for _, s := range m.scans {
		active += s.Active()
		got, err := s.Tally(ask)
		if err != nil {
			panic(err) // the paths are those of the catalogue and of frames, and tested
		}
		for i, n := range got {
			sums[i] += n
		}
	}
	return sums, active
}

// literal writes the name of a frame as a step of a path, which holds no spaces.
func literal(name string) string {
	return strings.ReplaceAll(name, " ", "*")
}

// below is a path that begins with a function.
func below(anchor, path string) string {
	if anchor == "" || literal(anchor) == path {
		return path
	}
	return literal(anchor) + " > " + path
}

// described says where a group is looked for: below which function, in which part of the stacks, of which threads.
func (g *group) described(paths []string) events.Count {
	c := events.Count{Root: events.RootTasks}
	anchor := g.anchor
	if g.flinks {
		anchor = ""
	}
	switch own := !g.between && (g.rule.By != "" || slices.Contains(g.rule.Until, "@output")); {
	case g.rule.Below == mechanisms.ScopeProcess:
		c.Root = ""
	case g.anyTask && g.between:
		c.Without = []string{"@operator"} // it reads: below an operator the same code is another place
	case g.anyTask:
	case own:
		c.Part = events.PartOwn
	default:
		c.Part = events.PartOperator
	}
	switch family := g.family(); {
	case g.rule.Waiting:
		c.State = events.StateWaiting
	case g.rule.By != "" && family == mechanisms.FamilyWall && g.rule.Below == mechanisms.ScopeOperator:
		c.State = events.StateRunning
	}
	for _, path := range paths {
		c.Match = append(c.Match, below(anchor, path))
		if of, ok := strings.CutPrefix(path, "@user "); ok && anchor != "" {
			c.Match = append(c.Match, literal(anchor)+" "+of) // the function is the user's code itself
		}
	}
	return c
}

// pattern are the paths of what a group matched, in the mode that carries it.
func (g *group) pattern() []string {
	switch g.family() {
	case mechanisms.FamilyLock:
		return g.rule.LockFrames
	case mechanisms.FamilyAlloc:
		return g.rule.AllocFrames
	}
	return g.rule.Frames
}
