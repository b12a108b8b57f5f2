package scan

import (
	"cmp"
	"slices"

	"squirrly.dev/internal/flamegraph"
)

// Line is a line of a pruned call tree.
type Line struct {
	Depth   int
	Frame   flamegraph.NameID
	Through []flamegraph.NameID // callers left out because they add nothing of their own
	Stack   []flamegraph.NameID // all frames from the one of the line above down to Frame, without that of the line above
	Width   uint64              // active samples of Frame, with everything below
	Self    uint64              // of Width: not below a line of its own
}

// Tree is a pruned call tree.
type Tree struct {
	Lines     []Line
	Threshold float64 // share of the active samples below which frames are left out
}

// Prune returns the part of the tree that holds at least the share minimum of the active samples, in at most limit
// lines; the share is raised until they fit. Chains of frames that pass nearly all samples on become one line.
func Prune(scan *Scan, minimum float64, limit int) Tree {
	total := scan.Active()
	if total == 0 {
		return Tree{Threshold: minimum}
	}
	for threshold := minimum; ; threshold *= 1.5 {
		cut := uint64(threshold * float64(total))
		p := pruner{scan: scan, names: scan.names, cut: max(cut, 1)}
		p.below(flamegraph.Root, 0)
		if len(p.lines) <= limit || threshold >= 1 {
			return Tree{Lines: p.lines[:min(len(p.lines), limit)], Threshold: threshold}
		}
	}
}

type pruner struct {
	scan  *Scan
	names []nameInfo
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
	for {
		next, ok := p.onlyChild(id)
		again := ok && p.scan.Graph.Frame(next).Name == p.scan.Graph.Frame(id).Name // a bridge method
		if !ok || (p.stays(id) && !again) {
			break
		}
		if !again {
			through = append(through, p.scan.Graph.Frame(id).Name)
		}
		id = next
	}
	at, width := len(p.lines), p.scan.ActiveWidth[id]
	p.lines = append(p.lines, Line{Depth: depth, Frame: p.scan.Graph.Frame(id).Name, Through: through, Stack: p.stack(above, id), Width: width})
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

// onlyChild returns the child that gets at least 98 % of a frame's samples.
func (p *pruner) onlyChild(id flamegraph.FrameID) (flamegraph.FrameID, bool) {
	for child := range p.scan.Graph.Children(id) {
		if w := p.scan.ActiveWidth[child]; w >= p.cut && w*50 >= p.scan.ActiveWidth[id]*49 {
			return child, true
		}
	}
	return flamegraph.None, false
}

func (p *pruner) heavy(id flamegraph.FrameID) []flamegraph.FrameID {
	if p.names[p.scan.Graph.Frame(id).Name].flags&isWait != 0 {
		return nil // how the kernel waits tells nothing more
	}
	var heavy []flamegraph.FrameID
	for child := range p.scan.Graph.Children(id) {
		if p.scan.ActiveWidth[child] >= p.cut {
			heavy = append(heavy, child)
		}
	}
	slices.SortStableFunc(heavy, func(a, b flamegraph.FrameID) int {
		return cmp.Compare(p.scan.ActiveWidth[b], p.scan.ActiveWidth[a])
	})
	return heavy
}

// Top is a frame and the active samples that end in it.
type Top struct {
	Frame   flamegraph.NameID
	Samples uint64
}

// TopSelf returns the frames in which most active samples end, at most limit of them and each with at least one in a
// hundred. A sample that waits ends in the frame that waits, whatever the kernel calls it.
func TopSelf(scan *Scan, limit int) []Top {
	self := make([]uint64, scan.Graph.NumNames())
	var waitEnd flamegraph.FrameID // of the outermost waiting frame that is open
	var wait flamegraph.NameID
	for id, f := range scan.Graph.All() {
		if id >= waitEnd && scan.names[f.Name].flags&isWait != 0 {
			waitEnd, wait = f.End, f.Name
		}
		switch {
		case f.Self == 0 || scan.ActiveWidth[id] == 0 || id == flamegraph.Root:
		case id < waitEnd:
			self[wait] += f.Self
		default:
			self[f.Name] += f.Self
		}
	}
	var tops []Top
	for name, n := range self {
		if n > 0 && n*100 >= scan.Active() {
			tops = append(tops, Top{flamegraph.NameID(name), n})
		}
	}
	slices.SortFunc(tops, func(a, b Top) int {
		return cmp.Or(cmp.Compare(b.Samples, a.Samples), cmp.Compare(scan.Graph.Name(a.Frame), scan.Graph.Name(b.Frame)))
	})
	return tops[:min(len(tops), limit)]
}
