package flamegraph

import (
	"cmp"
	"slices"
)

// trie collects stacks in any order and turns into a graph. Node 0 is the
// root; a caller always has a smaller index than its callees.
type trie struct {
	nodes []trieNode
	index map[trieKey]int32
}

type trieNode struct {
	self   uint64
	counts Counts
	key    trieKey
	level  int32
	width  uint64 // set by graph
}

// trieKey tells the callees of a frame apart. Java frames of all kinds have
// the sort JIT.
type trieKey struct {
	caller int32
	name   NameID
	sort   Kind
}

func newTrie(root NameID) *trie {
	return &trie{
		nodes: []trieNode{{key: trieKey{caller: -1, name: root, sort: Native}}},
		index: make(map[trieKey]int32),
	}
}

// child returns the node for a callee, made on first use.
func (t *trie) child(caller int32, name NameID, kind Kind) int32 {
	key := trieKey{caller, name, kind.sort()}
	if i, ok := t.index[key]; ok {
		return i
	}
	i := int32(len(t.nodes)) //nolint:gosec // bounded by Limits.Frames
	t.nodes = append(t.nodes, trieNode{key: key, level: t.nodes[caller].level + 1})
	t.index[key] = i
	return i
}

func (n *trieNode) add(c Counts) {
	n.counts.Inlined += c.Inlined
	n.counts.C1 += c.C1
	n.counts.Interpreted += c.Interpreted
}

// graph gives the tree in pre-order, siblings sorted by name as async-profiler
// does, each after the samples of the caller itself.
func (t *trie) graph(dialect Dialect, names *names, limits Limits) (*Graph, error) {
	for i := len(t.nodes) - 1; i >= 0; i-- {
		n := &t.nodes[i]
		n.width += n.self
		if i > 0 {
			t.nodes[n.key.caller].width += n.width
		}
	}
	callees := t.callees(names)
	a := newAssembler(dialect, limits)
	left := make([]uint64, 1, 64) // where the next frame of a level begins
	pending := []int32{0}
	for len(pending) > 0 {
		i := pending[len(pending)-1]
		pending = append(pending[:len(pending)-1], callees[i]...)
		n := &t.nodes[i]
		f := Frame{Width: n.width, Name: n.key.name, Kind: kindOf(n.key.sort, n.counts, n.width)}
		at := left[n.level]
		if err := a.add(uint64(n.level), at, f, n.counts); err != nil { //nolint:gosec // a level is positive
			return nil, err
		}
		left = append(left[:n.level], at+n.width, at+n.self)
	}
	return a.finish(names)
}

// callees lists the callees of each node, last name first.
func (t *trie) callees(names *names) [][]int32 {
	rank := make([]int32, len(names.list))
	byName := make([]NameID, len(names.list))
	for i := range byName {
		byName[i] = NameID(i)
	}
	slices.SortFunc(byName, func(a, b NameID) int { return cmp.Compare(names.list[a], names.list[b]) })
	for r, id := range byName {
		rank[id] = int32(r)
	}
	order := make([]int32, len(t.nodes)-1) // all but the root
	for i := range order {
		order[i] = int32(i + 1)
	}
	slices.SortFunc(order, func(a, b int32) int {
		x, y := t.nodes[a].key, t.nodes[b].key
		return cmp.Or(cmp.Compare(x.caller, y.caller), cmp.Compare(rank[y.name], rank[x.name]), cmp.Compare(y.sort, x.sort))
	})
	callees := make([][]int32, len(t.nodes))
	for start := 0; start < len(order); {
		caller, end := t.nodes[order[start]].key.caller, start+1
		for end < len(order) && t.nodes[order[end]].key.caller == caller {
			end++
		}
		callees[caller] = order[start:end]
		start = end
	}
	return callees
}
