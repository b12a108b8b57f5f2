package trial

import (
	"maps"
	"slices"
	"sync"

	"squirrly.dev/test/chaos/internal/lab"
)

// lines are those to the Flinks under way. The zero value has none; it is safe for use by several goroutines.
type lines struct {
	mu  sync.Mutex
	all map[*lab.Link]bool
}

// add counts a line in until the function that it returns is called.
func (l *lines) add(k *lab.Link) func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = map[*lab.Link]bool{}
	}
	l.all[k] = true
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.all, k)
	}
}

// now are those that there are.
func (l *lines) now() []*lab.Link {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.all))
}
