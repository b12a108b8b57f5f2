package scan

import (
	"cmp"
	"slices"

	"squirrly.dev/internal/flamegraph"
)

// Line is a line of a pruned call tree.
type Line struct {
	Depth   int
	At      flamegraph.FrameID  // the frame itself
	Frame   flamegraph.NameID   // its name
	Telling []flamegraph.NameID // at most [maxTelling] of the callers that were left out because they add nothing of their own, the outermost first
	Stack   []flamegraph.NameID // all frames from the one of the line above down to Frame, without that of the line above
	Width   uint64              // active samples of Frame, with everything below
	Self    uint64              // of Width: not below a line of its own
}

// Prune returns the part of the tree whose frames are worth at least so much, in at most limit lines; what they must be worth is
// raised until they fit. Worth is by frame, with all frames below it, as [Scan.Weighed] makes it: so a tree is cut finely where
// that tells most. Chains of frames that pass nearly all samples on become one line.
func Prune(scan *Scan, worth []uint64, least uint64, limit int) []Line {
	if scan.Active() == 0 {
		return nil
	}
	for {
		p := pruner{scan: scan, names: scan.names, worth: worth, cut: max(least, 1)}
		p.below(flamegraph.Root, 0)
		if len(p.lines) <= limit || least > worth[flamegraph.Root] {
			return p.lines[:min(len(p.lines), limit)]
		}
		least += least/6 + 1
	}
}

// Weighed returns what the frames are worth, each with all below it, when the weight of each active sample is known by the
// frame that it ends in.
func (s *Scan) Weighed(weight func(flamegraph.FrameID) uint64) []uint64 {
	worth := make([]uint64, len(s.ActiveWidth))
	for id, f := range s.Graph.All() {
		if f.Self > 0 && s.ActiveWidth[id] > 0 {
			worth[id] = f.Self * weight(id)
		}
	}
	for id := len(worth) - 1; id > 0; id-- {
		worth[s.Graph.Frame(flamegraph.FrameID(id)).Parent] += worth[id] //nolint:gosec // FrameIDs are int32
	}
	return worth
}

// Thread is what the frames from the root down to one say of the thread.
type Thread struct {
	Task  bool // of a subtask
	Waits bool
}

// Threads returns that of each frame.
func (s *Scan) Threads() []Thread {
	out := make([]Thread, s.Graph.Len())
	for id, f := range s.Graph.All() {
		if id == flamegraph.Root {
			continue
		}
		flags := s.names[f.Name].flags
		out[id] = out[f.Parent]
		out[id].Task = out[id].Task || flags&(isTaskRoot|isSourceRoot) != 0
		out[id].Waits = out[id].Waits || flags&isWait != 0
	}
	return out
}

type pruner struct {
	scan  *Scan
	names []nameInfo
	worth []uint64
	cut   uint64
	lines []Line
}

// below adds the lines of the heavy children, heaviest first, and returns how many samples they hold.
func (p *pruner) below(id flamegraph.FrameID, depth int) uint64 {
	var held uint64
	for _, child := range p.heavy(id) {
		held += p.scan.ActiveWidth[child]
		p.line(id, child, depth)
	}
	return held
}

func (p *pruner) line(above, id flamegraph.FrameID, depth int) {
	var through []flamegraph.NameID
	for first := id; ; {
		next, ok := p.onlyChild(first, id)
		again := ok && p.scan.Graph.Frame(next).Name == p.scan.Graph.Frame(id).Name // a bridge method
		if !ok || (p.stays(id) && !again) {
			break
		}
		if !again {
			through = append(through, p.scan.Graph.Frame(id).Name)
		}
		id = next
	}
	at, width, name := len(p.lines), p.scan.ActiveWidth[id], p.scan.Graph.Frame(id).Name
	p.lines = append(p.lines, Line{
		Depth: depth, At: id, Frame: name, Telling: p.scan.telling(through, name), Stack: p.stack(above, id), Width: width,
	})
	p.lines[at].Self = width - min(width, p.below(id, depth+1))
}

// stack returns the frames below one frame down to another.
func (p *pruner) stack(above, id flamegraph.FrameID) []flamegraph.NameID {
	var names []flamegraph.NameID
	for at, f := range p.scan.Graph.Callers(id) {
		if at == above {
			break
		}
		names = append(names, f.Name)
	}
	slices.Reverse(names)
	return names
}

// stays reports that a frame is worth a line even in a chain.
func (p *pruner) stays(id flamegraph.FrameID) bool {
	f := p.scan.Graph.Frame(id)
	return p.names[f.Name].flags&(isEntry|isTaskRoot|isSourceRoot|isWait) != 0 ||
		(p.names[f.Name].flags&isUser != 0 && f.Kind.IsJava())
}

// Parts of its samples that a frame passes on to one child, in percent: the step between them adds nothing of its own. In a
// library, whose steps nobody can change, it is enough that all steps together pass on most.
const (
	passesOn        = 98
	passesInLibrary = 80
)

// onlyChild returns the child that gets nearly all of a frame's samples. The chain of such frames began with first.
func (p *pruner) onlyChild(first, id flamegraph.FrameID) (flamegraph.FrameID, bool) {
	heavy := 0
	best := flamegraph.None
	for child := range p.scan.Graph.Children(id) {
		if p.worth[child] < p.cut {
			continue
		}
		heavy++
		if best == flamegraph.None || p.scan.ActiveWidth[child] > p.scan.ActiveWidth[best] {
			best = child
		}
	}
	if best == flamegraph.None {
		return best, false
	}
	width := p.scan.ActiveWidth
	library := heavy == 1 && !p.scan.isFlinks(id) && !p.stays(best) && width[best]*100 >= width[first]*passesInLibrary
	return best, library || width[best]*100 >= width[id]*passesOn
}

func (p *pruner) heavy(id flamegraph.FrameID) []flamegraph.FrameID {
	if p.names[p.scan.Graph.Frame(id).Name].flags&isWait != 0 {
		return nil // how the kernel waits tells nothing more
	}
	var heavy []flamegraph.FrameID
	for child := range p.scan.Graph.Children(id) {
		if p.worth[child] >= p.cut {
			heavy = append(heavy, child)
		}
	}
	slices.SortStableFunc(heavy, func(a, b flamegraph.FrameID) int {
		return cmp.Or(cmp.Compare(p.worth[b], p.worth[a]), cmp.Compare(p.scan.ActiveWidth[b], p.scan.ActiveWidth[a]))
	})
	return heavy
}
