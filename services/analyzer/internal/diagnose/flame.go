package diagnose

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/operators"
)

const (
	minFlame = 0.01 // share of the samples below which no frame is drawn
	maxLevel = 30   // levels of frames that are drawn
	// nearlyAll is the share of its samples that a frame hands to another one when it only passes on to it.
	nearlyAll = 0.97
)

// flameNode is a frame with the frames that it calls.
type flameNode struct {
	name    string
	samples uint64
	below   map[string]*flameNode
}

func (n *flameNode) call(name string) *flameNode {
	if n.below == nil {
		n.below = map[string]*flameNode{}
	}
	if n.below[name] == nil {
		n.below[name] = &flameNode{name: name}
	}
	return n.below[name]
}

// widest are the frames below, those with most samples first.
func (n *flameNode) widest() []*flameNode {
	return slices.SortedFunc(maps.Values(n.below), func(a, b *flameNode) int {
		return cmp.Or(cmp.Compare(b.samples, a.samples), cmp.Compare(a.name, b.name))
	})
}

// flame draws the vertex that a verdict names, in the mode of the first finding in it, else in that with most to see. It
// is nil when no sample surely is the vertex's.
func (v *View) flame(verdict *events.Verdict, findings []events.Finding) *events.Flame {
	at := slices.IndexFunc(v.vertexFacts, func(f fact) bool { return f.Vertex == verdict.VertexName })
	if verdict.VertexName == "" || at < 0 {
		return nil
	}
	families := []mechanisms.Family{mechanisms.FamilyWall, mechanisms.FamilyCPU}
	about := slices.DeleteFunc(slices.Clone(findings), func(f events.Finding) bool { return !slices.Contains(f.Vertices, verdict.VertexName) })
	if len(about) > 0 && about[0].Mode != events.ModeWall && about[0].Mode != "" {
		slices.Reverse(families)
	}
	for _, family := range families {
		m := v.modeScansOf(family)
		if m == nil {
			continue
		}
		if root := v.flameOf(m, at); root.samples > 0 {
			return &events.Flame{
				Vertex: verdict.VertexName, Mode: m.mode, Samples: samples(root.samples), Frames: root.shared().frames(about),
			}
		}
	}
	return nil
}

// flameOf merges the stacks of a vertex over the captures of a mode.
func (v *View) flameOf(m *modeScans, vertex int) *flameNode {
	root := &flameNode{}
	for _, s := range m.scans {
		nodes := make([]*flameNode, s.Graph.Len())
		nodes[flamegraph.Root] = root
		for id, place := range s.Places() {
			f := s.Graph.Frame(frameID(id))
			if f.Self == 0 || s.ActiveWidth[id] == 0 {
				continue
			}
			p := v.place(s, place.Chain, place.Spot)
			if p.owner != operators.OwnerThis || !slices.Equal(p.vertices, []int{vertex}) {
				continue
			}
			root.samples += f.Self
			for up := v.nodeOf(s, nodes, frameID(id)); up != flamegraph.Root; up = s.Graph.Frame(up).Parent {
				nodes[up].samples += f.Self
			}
		}
	}
	return root
}

// nodeOf makes the nodes of a frame and of those above it, as far as they are missing, and returns the frame.
func (v *View) nodeOf(s *jvmScan, nodes []*flameNode, id flamegraph.FrameID) flamegraph.FrameID {
	var missing []flamegraph.FrameID
	for up := id; nodes[up] == nil; up = s.Graph.Frame(up).Parent {
		missing = append(missing, up)
	}
	for _, up := range slices.Backward(missing) {
		f := s.Graph.Frame(up)
		nodes[up] = nodes[f.Parent].call(s.Graph.Name(f.Name))
	}
	return id
}

// shared goes up from the root of the thread to the last frame of the runtime that nearly all samples have in common.
func (n *flameNode) shared() *flameNode {
	for {
		next := n.passesOn()
		if next == nil || !runtimeFrame(next.name) {
			return n
		}
		n = next
	}
}

// passesOn is the one frame that holds nearly all samples of the frame that calls it, or nil.
func (n *flameNode) passesOn() *flameNode {
	for _, below := range n.below {
		if float64(below.samples) >= nearlyAll*float64(n.samples) {
			return below
		}
	}
	return nil
}

// runtimeFrame reports that a frame is of what a task does before its operators.
func runtimeFrame(name string) bool {
	return slices.ContainsFunc([]string{
		"java.lang.Thread.", "org.apache.flink.runtime.", "org.apache.flink.streaming.runtime.tasks.", "org.apache.flink.streaming.runtime.io.",
	}, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) || !strings.Contains(name, ".")
}

// frames lists what is drawn. What a frame must hold is raised until they are few enough.
func (n *flameNode) frames(about []events.Finding) []events.FlameFrame {
	for least := uint64(float64(n.samples) * minFlame); ; least += least/4 + 1 {
		var all []events.FlameFrame
		for _, below := range n.widest() {
			all = below.draw(all, 0, max(1, least), about)
		}
		if len(all) <= events.MaxFlame {
			return all
		}
	}
}

// draw lists a frame, unless it is one of a library that only leads from another one to the next, and those below it.
func (n *flameNode) draw(all []events.FlameFrame, depth int, least uint64, about []events.Finding) []events.FlameFrame {
	if n.samples < least || depth >= maxLevel || len(all) > events.MaxFlame {
		return all
	}
	f := events.FlameFrame{Name: n.name, Depth: depth, Samples: samples(n.samples)}
	if i := slices.IndexFunc(about, func(x events.Finding) bool { return x.Frame == n.name }); i >= 0 {
		f.Finding = about[i].ID
	}
	all = append(all, f)
	for _, below := range n.widest() {
		below = below.skipped(n.name, about)
		all = below.draw(all, depth+1, least, about)
	}
	return all
}

// skipped goes on to the first frame that has something to tell beside its caller.
func (n *flameNode) skipped(caller string, about []events.Finding) *flameNode {
	for {
		next := n.passesOn()
		again := n.name == caller // a bridge method
		dull := wording.Library(caller) && wording.Library(n.name) && !slices.ContainsFunc(about, func(x events.Finding) bool { return x.Frame == n.name })
		if next == nil || !again && (!dull || !wording.Library(next.name)) {
			return n
		}
		n = next
	}
}

// maxOperatorName bounds the name of an operator, in characters. SQL writes whole queries into it; the vertex has all of it.
const maxOperatorName = 160

// operatorLoads are the operators of the plan, and what Flink does for its vertices, as far as something is seen of it.
func operatorLoads(e *Explanation) []events.OperatorLoad {
	var out []events.OperatorLoad
	for i := range e.Vertices {
		for _, row := range e.Vertices[i].Rows {
			if len(out) == maxOperators {
				return out
			}
			load := events.OperatorLoad{
				Vertex: e.Vertices[i].Short(), Name: wording.Middle(row.Name, maxOperatorName), Depth: row.Depth, Busy: rounded(row.Busy), CPU: rounded(row.CPU),
				RecordsIn: rounded(row.RecordsIn), RecordsOut: rounded(row.RecordsOut), Findings: row.Findings,
			}
			if len(row.Hottest) > 0 {
				load.Hottest = row.Hottest[0].Frame
			}
			out = append(out, load)
		}
	}
	return out
}

// maxOperators bounds the operators in an analysis.
const maxOperators = 300
