// Package panics turns a panic into an error, and carries that of a goroutine to the one who waits for it, so that what
// serves one run can never take the process and the other runs down.
package panics

import (
	"fmt"
	"runtime/debug"
	"sync"
)

// Error is a panic.
type Error struct {
	Value any
	Stack []byte
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("panic: %v\n%s", e.Value, e.Stack) }

// Catch calls fn and returns its error, or its panic as an *[Error].
func Catch(fn func() error) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Error: // of a goroutine, with its own stack
			err = r
		default:
			err = &Error{Value: r, Stack: debug.Stack()}
		}
	}()
	return fn()
}

// Group is a [sync.WaitGroup] whose Wait panics with the first panic of its goroutines, once all have ended. The zero
// value is ready.
type Group struct {
	all sync.WaitGroup

	mu    sync.Mutex
	first error
}

// Go calls fn in a goroutine of the group.
func (g *Group) Go(fn func()) {
	g.all.Go(func() {
		if err := Catch(func() error { fn(); return nil }); err != nil {
			g.mu.Lock()
			defer g.mu.Unlock()
			if g.first == nil {
				g.first = err
			}
		}
	})
}

// Wait waits for all goroutines of the group.
func (g *Group) Wait() {
	g.all.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.first != nil {
		panic(g.first)
	}
}
