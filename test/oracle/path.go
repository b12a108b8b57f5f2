package oracle

import (
	"iter"
	"strings"
)

// path is a pattern of frames, from the root down.
type path struct {
	steps []step
	last  bool // the last step is the last frame of the stack
}

type step struct {
	name   string
	direct bool // called by the step before, with nothing between
}

// parsePath reads "a > b -> c $".
func parsePath(text string) path {
	var p path
	direct := false
	for word := range strings.FieldsSeq(text) {
		switch word {
		case ">":
		case "->":
			direct = true
		case "$":
			p.last = true
		default:
			p.steps, direct = append(p.steps, step{word, direct}), false
		}
	}
	return p
}

// ends yields the frames from index from on with which the path is complete, from the root down.
func (p path) ends(w *walked, from int) iter.Seq[int] {
	return func(yield func(int) bool) {
		n := len(w.frames)
		before := make([]bool, n) // where the steps so far may end
		for k, s := range p.steps {
			now := make([]bool, n)
			reached := false
			for i := from; i < n; i++ {
				fits := k == 0 || (s.direct && i > from && before[i-1]) || (!s.direct && reached)
				now[i] = fits && w.matches(i, s.name)
				reached = reached || before[i]
			}
			before = now
		}
		for i := from; i < n; i++ {
			if before[i] && (!p.last || i == n-1) && !yield(i) {
				return
			}
		}
	}
}

func (w *walked) matches(i int, name string) bool {
	switch name {
	case "@operator":
		return w.operator[i]
	case "@user":
		return w.isUser(i)
	}
	return w.frames[i].is(name)
}
