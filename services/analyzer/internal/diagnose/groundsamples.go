package diagnose

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

func frameID(i int) flamegraph.FrameID { return flamegraph.FrameID(i) } //nolint:gosec // FrameIDs are int32

// held are the frames of a capture in which samples end that something counts.
type held struct {
	scan   *jvmScan
	frames []bool
}

// samples adds up what ends in the frames, and in those that a second set has, too. Values of a page are as many samples as
// they prove to be.
func (h *held) samples(also func(id int) bool) float64 {
	n := uint64(0)
	for id, in := range h.frames {
		if in && (also == nil || also(id)) {
			n += h.scan.Graph.Frame(frameID(id)).Self
		}
	}
	return h.scan.worth(n)
}

// whole is a description with the whole beginning of its stack.
func (g *Ground) whole(c events.Count) events.Count {
	for range g.facts { // no fact comes twice
		if c.From == "" {
			break
		}
		from := g.facts[c.From].Count
		if from == nil {
			break
		}
		c.Stack, c.From = slices.Concat(from.Stack, c.Stack), from.From
	}
	return c
}

// held counts descriptions in the captures of a mode: for each description, what each capture holds. It is nil where nothing
// can be counted.
func (g *Ground) held(mode events.Mode, jvms []string, counts ...events.Count) [][]held {
	at := slices.IndexFunc(g.view.modes, func(m *modeScans) bool { return m.mode == mode })
	if at < 0 {
		return nil
	}
	out := make([][]held, len(counts))
	ask := make([]*events.Count, len(counts))
	for i := range counts {
		whole := g.whole(counts[i])
		ask[i] = &whole
	}
	for _, s := range g.view.modes[at].scans {
		if !slices.Contains(jvms, s.JVM) {
			continue
		}
		got, err := s.Holds(ask)
		if err != nil {
			return nil
		}
		for i, frames := range got {
			out[i] = append(out[i], held{s, frames})
		}
	}
	return out
}

// counts reports that a fact counts samples, be they idle.
func counts(f *events.Fact) bool { return f.Count != nil }

func count64(x float64) int64 { return int64(math.Round(x)) }

// Within returns how many samples of a fact there are, and how many of them lie in an operator. ok is false for a fact that
// counts no samples, and where nobody knows in which operator they are.
func (g *Ground) Within(f events.Fact, operator string) (inside, all int64, ok bool) {
	o := g.operator(operator)
	if o == nil || !counts(&f) {
		return 0, 0, false
	}
	s := g.spread(f.Count)
	if !s.ok {
		return 0, 0, false
	}
	return count64(s.by[g.rows[o.row]]), count64(s.all), true
}

// spread is where samples lie.
type spread struct {
	by  []float64 // by the positions of the operators
	all float64
	ok  bool // somebody knows
}

// spread counts samples, and how many of them lie in each operator.
func (g *Ground) spread(c *events.Count) spread {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, known := g.spreads[c]
	if !known {
		s = g.spreadAnew(c)
		g.spreads[c] = s
	}
	return s
}

func (g *Ground) spreadAnew(c *events.Count) spread {
	out := spread{by: make([]float64, len(g.operators))}
	sets := g.held(c.Mode, c.JVMs, *c)
	if sets == nil {
		return out
	}
	for _, h := range sets[0] {
		where := g.frames[h.scan]
		if where == nil {
			return out
		}
		in := make([]uint64, len(out.by))
		for id, holds := range h.frames {
			if at := where[id]; holds && at != nowhere {
				in[at] += h.scan.Graph.Frame(frameID(id)).Self
			}
		}
		for i, n := range in {
			out.by[i] += h.scan.worth(n)
		}
		out.all += h.samples(nil)
	}
	out.ok = true
	return out
}

// Below returns how many samples of a fact there are, and how many of them have a frame above them that is one of some paths
// (as in [events.Count]): callers, at any distance. ok is false for a fact that counts no samples of stacks.
func (g *Ground) Below(f events.Fact, paths []string) (below, all int64, ok bool) {
	if g == nil || !counts(&f) {
		return 0, 0, false
	}
	of := g.whole(*f.Count)
	sets := g.held(of.Mode, of.JVMs, append([]events.Count{of}, callers(&of, paths)...)...)
	if sets == nil {
		return 0, 0, false
	}
	in, sum := 0.0, 0.0
	for i, h := range sets[0] {
		sum += h.samples(nil)
		if len(of.Stack) > 0 && h.scan.above(of.Stack, sets[1][i].frames) {
			in += h.samples(nil)
			continue
		}
		in += h.samples(func(id int) bool {
			return len(of.Stack) == 0 && slices.ContainsFunc(sets[1:], func(s []held) bool { return s[i].frames[id] })
		})
	}
	return count64(in), count64(sum), true
}

// above reports that a frame which ends a beginning of stacks lies below one of some frames.
func (j *jvmScan) above(stack []string, callers []bool) bool {
	return slices.ContainsFunc(j.Begin(stack), func(id flamegraph.FrameID) bool { return callers[j.Graph.Frame(id).Parent] })
}

// callers describe samples that have one of some paths above the frame that a description ends with: in the part of the stack
// that it looks at, or before it.
func callers(of *events.Count, paths []string) []events.Count {
	if len(of.Match) == 0 {
		return []events.Count{{Idle: events.IdleAny, With: paths}}
	}
	within := events.Count{Part: of.Part, Self: of.Self, Idle: events.IdleAny} // what is idle, the description says
	for _, path := range paths {
		for _, match := range of.Match {
			last := match[strings.LastIndex(match, " > ")+1:]
			within.Match = append(within.Match, path+" > "+strings.TrimPrefix(last, "> "))
		}
	}
	out := []events.Count{within}
	if of.Part != "" {
		out = append(out, events.Count{Part: of.Part, Above: paths, Idle: events.IdleAny})
	}
	return out
}

// Both returns how many samples of a there are, and how many of them are samples of b, too. ok is false where that cannot be
// counted: other modes, or no stacks.
func (g *Ground) Both(a, b events.Fact) (both, all int64, ok bool) {
	if g == nil || !counts(&a) || !counts(&b) || a.Count.Mode != b.Count.Mode {
		return 0, 0, false
	}
	sets := g.held(a.Count.Mode, a.Count.JVMs, *a.Count, *b.Count)
	if sets == nil {
		return 0, 0, false
	}
	in, sum := 0.0, 0.0
	for i, h := range sets[0] {
		sum += h.samples(nil)
		if slices.Contains(b.Count.JVMs, h.scan.JVM) {
			in += h.samples(func(id int) bool { return sets[1][i].frames[id] })
		}
	}
	return count64(in), count64(sum), true
}

// Frames returns what one of the names that call trees show stands for, as paths; nil for one that no page has.
func (g *Ground) Frames(name string) []string {
	if g == nil || name == "" {
		return nil
	}
	var full, short []string
	for _, m := range g.view.modes {
		for _, s := range m.scans {
			for i := range s.Graph.NumNames() {
				switch have := s.Graph.Name(flamegraph.NameID(i)); {
				case have == name:
					full = append(full, literal(have))
				case wording.Simple(have) == name, wording.ClassMethod(have) == name, wording.Frame(have) == name:
					short = append(short, literal(have))
				}
			}
		}
	}
	if len(full) > 0 {
		short = full
	}
	slices.Sort(short)
	return slices.Compact(short)
}

// Count returns the samples in which one of some paths matches, of all active samples of the mode that shows most of them (of
// those that show as much, the one with most samples), and of an operator alone when one is named.
func (g *Ground) Count(paths []string, operator string) (matching, active int64) {
	o := g.operator(operator)
	if g == nil || operator != "" && o == nil {
		return 0, 0
	}
	best := -1.0
	for _, family := range []mechanisms.Family{mechanisms.FamilyCPU, mechanisms.FamilyWall} {
		n, all := g.countIn(g.view.modeScansOf(family), paths, o)
		if part := n / max(1, all); all > 0 && (part > best || part == best && count64(all) > active) {
			best, matching, active = part, count64(n), count64(all)
		}
	}
	return matching, active
}

// countIn counts in one mode, which may be nil: the samples of an operator, or of all where it is nil.
func (g *Ground) countIn(m *modeScans, paths []string, o *Operator) (n, all float64) {
	if m == nil {
		return 0, 0
	}
	sets := g.held(m.mode, m.jvms(), events.Count{Match: paths}, events.Count{})
	if sets == nil {
		return 0, 0
	}
	for i, h := range sets[1] {
		where := g.frames[h.scan]
		of := func(id int) bool { return o == nil || where != nil && int(where[id]) == g.rows[o.row] }
		all += h.samples(of)
		n += sets[0][i].samples(of)
	}
	return n, all
}

// backendOf is the state backend whose frames an operator shows, or empty.
func (g *Ground) backendOf(operator string) string {
	found := ""
	for _, b := range backends {
		if n, _ := g.Count([]string{b.frame + "*"}, operator); n > 0 {
			found = cmp.Or(found, b.name)
		}
	}
	return found
}
