package flamegraph

import (
	"cmp"
	"math"
	"slices"
)

// Side is one of the two profiles that [Diff] sets side by side.
type Side struct {
	Graph *Graph
	// Width are the widths to compare instead of those of the frames, by frame
	// id: those without idle samples, for example. Nil takes the frames' own.
	Width []uint64
	// Amount is what one unit of difference is: the samples to which widths are
	// shares. To compare for each record, give samples that stand for equally
	// many records on both sides. 0 is the width of the root.
	Amount float64
}

// DiffOptions are choices about a comparison.
type DiffOptions struct {
	Title string
	// Name gives names the form in which they are compared. Nil is [Normalize].
	Name func(string) string
}

// Difference is a call tree with the weight of each frame before and after. It
// is immutable.
type Difference struct {
	Title         string
	Before, After float64 // of everything, in amounts
	nodes         []diffNode
	names         []NameChange
}

// diffNode is a frame of the joined tree. Nodes are in pre-order.
type diffNode struct {
	name          string
	parent, level int32
	before, after float64
}

// NameChange is what became of the functions of one name: the weight of the
// samples that ended in them, in amounts.
type NameChange struct {
	Name          string
	Before, After float64
	StdErr        float64 // of the difference, by the number of samples on both sides
}

// chance is how many standard errors a change has to be for more than chance.
const chance = 2

// beyondChance reports whether a change is more than what the numbers of samples leave open.
func (n NameChange) beyondChance() bool { return math.Abs(n.Delta()) >= chance*n.StdErr }

// Delta is how much it grew.
func (n NameChange) Delta() float64 { return n.After - n.Before }

// tinyShare is the share of a side below which a frame is left out of the tree.
const tinyShare = 0.0005

// Diff sets two profiles side by side. Frames are the same when the names on
// the way from the root are.
func Diff(before, after Side, o DiffOptions) *Difference {
	if o.Name == nil {
		o.Name = Normalize
	}
	j := joiner{name: o.Name, index: map[diffKey]int32{}, self: map[string]*NameChange{}, nodes: []diffNode{{name: "all", parent: -1}}}
	j.add(before, func(n *diffNode) *float64 { return &n.before }, func(n *NameChange) *float64 { return &n.Before })
	j.add(after, func(n *diffNode) *float64 { return &n.after }, func(n *NameChange) *float64 { return &n.After })
	d := &Difference{Title: o.Title, Before: j.nodes[0].before, After: j.nodes[0].after, nodes: j.ordered()}
	b, a := before.amount(), after.amount()
	for _, n := range j.self {
		n.StdErr = math.Hypot(countError(n.Before, b), countError(n.After, a))
		d.names = append(d.names, *n)
	}
	slices.SortFunc(d.names, func(a, b NameChange) int {
		return cmp.Or(cmp.Compare(b.Delta(), a.Delta()), cmp.Compare(a.Name, b.Name))
	})
	return d
}

// countError is the standard error of a share of samples, as of a count; that none was seen does not say that there is none.
func countError(share, amount float64) float64 {
	if amount == 0 {
		return 0
	}
	return math.Sqrt(max(share*amount, 1)) / amount
}

// Grown and Shrunk return the names that changed most, the largest change
// first: at most n, and none that changed by less than least, or by no more than
// chance.
func (d *Difference) Grown(n int, least float64) []NameChange {
	return firstChanges(d.names, n, least)
}

// Shrunk is the counterpart of [Difference.Grown].
func (d *Difference) Shrunk(n int, least float64) []NameChange {
	reversed := slices.Clone(d.names)
	slices.Reverse(reversed)
	return firstChanges(reversed, n, -least)
}

func firstChanges(names []NameChange, n int, least float64) []NameChange {
	var found []NameChange
	for _, x := range names {
		if len(found) == n || math.Abs(x.Delta()) < math.Abs(least) || (x.Delta() < 0) != (least < 0) || x.Delta() == 0 {
			break
		}
		if x.beyondChance() {
			found = append(found, x)
		}
	}
	return found
}

type diffKey struct {
	parent int32
	name   string
}

// joiner builds the joined tree.
type joiner struct {
	name  func(string) string
	index map[diffKey]int32
	nodes []diffNode
	self  map[string]*NameChange
}

func (j *joiner) add(s Side, value func(*diffNode) *float64, own func(*NameChange) *float64) {
	amount := s.amount()
	if amount == 0 {
		return
	}
	names := make([]string, s.Graph.NumNames())
	path := []int32{0} // the nodes from the root to the frame, by level; -1 is left out
	tiny := uint64(float64(s.width(Root)) * tinyShare)
	for id, f := range s.Graph.All() {
		w, at := s.width(id), int32(-1)
		if w > 0 {
			if names[f.Name] == "" {
				names[f.Name] = j.name(s.Graph.Name(f.Name))
			}
			*own(j.change(names[f.Name])) += float64(s.self(id)) / amount
		}
		switch {
		case f.Level == 0:
			at = 0
		case w > tiny && path[f.Level-1] >= 0:
			at = j.child(path[f.Level-1], names[f.Name])
		}
		path = append(path[:f.Level], at)
		if at >= 0 {
			*value(&j.nodes[at]) += float64(w) / amount
		}
	}
}

func (s *Side) width(id FrameID) uint64 {
	if s.Width != nil {
		return s.Width[id]
	}
	return s.Graph.Frame(id).Width
}

// self is the width of a frame without its callees.
func (s *Side) self(id FrameID) uint64 {
	rest := s.width(id)
	for callee := range s.Graph.Children(id) {
		rest -= min(rest, s.width(callee))
	}
	return rest
}

// amount is what widths are divided by; 0 when there is nothing to divide.
func (s *Side) amount() float64 {
	switch {
	case s.Graph == nil || s.Graph.Len() == 0 || s.width(Root) == 0:
		return 0
	case s.Amount > 0:
		return s.Amount
	}
	return float64(s.width(Root))
}

func (j *joiner) change(name string) *NameChange {
	n := j.self[name]
	if n == nil {
		n = &NameChange{Name: name}
		j.self[name] = n
	}
	return n
}

func (j *joiner) child(parent int32, name string) int32 {
	key := diffKey{parent, name}
	at, ok := j.index[key]
	if !ok {
		at = int32(len(j.nodes)) //nolint:gosec // bounded by tinyShare
		j.index[key] = at
		j.nodes = append(j.nodes, diffNode{name: name, parent: parent, level: j.nodes[parent].level + 1})
	}
	return at
}

// ordered puts the nodes in pre-order, siblings by name.
func (j *joiner) ordered() []diffNode {
	children := make([][]int32, len(j.nodes))
	for i := len(j.nodes) - 1; i > 0; i-- {
		p := j.nodes[i].parent
		children[p] = append(children[p], int32(i)) //nolint:gosec // bounded by tinyShare
	}
	out := make([]diffNode, 0, len(j.nodes))
	type step struct{ node, parent int32 }
	pending := []step{{0, -1}}
	for len(pending) > 0 {
		s := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		n := j.nodes[s.node]
		n.parent = s.parent
		out = append(out, n)
		at := int32(len(out) - 1) //nolint:gosec // bounded by tinyShare
		c := children[s.node]
		slices.SortFunc(c, func(a, b int32) int { return cmp.Compare(j.nodes[b].name, j.nodes[a].name) })
		for _, child := range c {
			pending = append(pending, step{child, at})
		}
	}
	return out
}
