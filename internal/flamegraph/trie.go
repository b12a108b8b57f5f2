package flamegraph

import (
	"cmp"
	"slices"
)

// trie collects stacks in any order and turns into a graph. Node 0 is the
// root; a caller always has a smaller index than its callees.
type trie struct {
	nodes chunked[trieNode]
	index map[trieKey]int32
}

type trieNode struct {
	self, width uint64 // width is set by graph
	counts      Counts
	key         trieKey
	level       int32
}

// trieKey tells the callees of a frame apart: 31 bits of the caller, 31 of the
// name, 2 of the sort. As one number it hashes fast.
type trieKey uint64

// sorts are the values of Kind.sort.
var sorts = [4]Kind{JIT, Native, CPP, Kernel}

func newTrieKey(caller int32, name NameID, sort Kind) trieKey {
	return trieKey(caller)<<33 | trieKey(name)<<2 | trieKey(slices.Index(sorts[:], sort)) //nolint:gosec // none is negative
}

func (k trieKey) caller() int32 { return int32(k >> 33) }

func (k trieKey) name() NameID { return NameID(k >> 2 & (1<<31 - 1)) }

func (k trieKey) sort() Kind { return sorts[k&3] }

func newTrie(root NameID) *trie {
	t := &trie{index: make(map[trieKey]int32)}
	t.nodes.add().key = newTrieKey(0, root, Native)
	return t
}

// child returns the node for a callee, made on first use.
func (t *trie) child(caller int32, name NameID, kind Kind) int32 {
	key := newTrieKey(caller, name, kind.sort())
	if i, ok := t.index[key]; ok {
		return i
	}
	i := int32(t.nodes.len) //nolint:gosec // bounded by Limits.Frames
	level := t.nodes.at(caller).level + 1
	n := t.nodes.add()
	n.key, n.level = key, level
	t.index[key] = i
	return i
}

// graph gives the tree in pre-order, siblings sorted by name as async-profiler
// does, each after the samples of the caller itself. The trie is used up.
func (t *trie) graph(dialect Dialect, names *names, limits Limits) (*Graph, error) {
	t.index = nil                                  // to be collected before the frames are made
	for i := int32(t.nodes.len) - 1; i >= 0; i-- { //nolint:gosec // bounded by Limits.Frames
		n := t.nodes.at(i)
		n.width += n.self
		if i > 0 {
			t.nodes.at(n.key.caller()).width += n.width
		}
	}
	callees, begin := t.callees(names)
	a := newAssembler(dialect, limits)
	left := make([]uint64, 1, 64) // where the next frame of a level begins
	pending := []int32{0}
	for len(pending) > 0 {
		i := pending[len(pending)-1]
		pending = append(pending[:len(pending)-1], callees[begin[i]:begin[i+1]]...)
		n := t.nodes.at(i)
		p := placed{left: left[n.level], width: n.width, name: n.key.name(), counts: n.counts}
		p.level = uint64(n.level) //nolint:gosec // never negative
		p.kind = kindOf(n.key.sort(), n.counts, n.width)
		if err := a.add(&p); err != nil {
			return nil, err
		}
		left = append(left[:n.level], p.left+n.width, p.left+n.self)
	}
	return a.finish(names)
}

// callees lists the callees of node i, last name first, in
// list[begin[i]:begin[i+1]].
func (t *trie) callees(names *names) (list, begin []int32) {
	count := int32(t.nodes.len) //nolint:gosec // bounded by Limits.Frames
	begin = make([]int32, count+2)
	for i := int32(1); i < count; i++ {
		begin[t.nodes.at(i).key.caller()+2]++
	}
	for i := int32(2); i < count+2; i++ {
		begin[i] += begin[i-1]
	}
	list = make([]int32, count-1)
	for i := int32(1); i < count; i++ {
		next := &begin[t.nodes.at(i).key.caller()+1]
		list[*next] = i
		*next++
	}
	rank := names.ranks()
	for i := range count {
		slices.SortFunc(list[begin[i]:begin[i+1]], func(a, b int32) int {
			x, y := t.nodes.at(a).key, t.nodes.at(b).key
			return cmp.Or(cmp.Compare(rank[y.name()], rank[x.name()]), cmp.Compare(y, x))
		})
	}
	return list, begin
}
