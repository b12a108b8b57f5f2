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
		var at []bool // where the steps so far may end
		for k := range p.steps {
			at = p.steps[k].after(w, from, at)
		}
		for i := from; i < len(at); i++ {
			if at[i] && (!p.last || i == len(at)-1) && !yield(i) {
				return
			}
		}
	}
}

// after tells of each frame whether the step may be there, after the ones before it, which may end in the frames that
// before tells; nil is before the first step.
func (s *step) after(w *walked, from int, before []bool) []bool {
	now := make([]bool, len(w.frames))
	reached := before == nil
	for i := from; i < len(now); i++ {
		fits := reached
		if s.direct && before != nil {
			fits = i > from && before[i-1]
		}
		now[i] = fits && w.matches(i, s.name)
		reached = reached || before[i]
	}
	return now
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
