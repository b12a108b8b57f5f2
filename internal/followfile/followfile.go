// Package followfile follows a file that people write: it is read again when its content changes, and what it says holds
// from then on. A change with a mistake, and a file that is gone, are told, and what held before still does. What stands in
// the file does not belong here.
package followfile

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"squirrly.dev/internal/userfile"
)

// Options say which file, and what it means.
type Options[T any] struct {
	Path  string
	What  string // in errors and in the log, in the plural: policies
	Limit int64  // bytes of the file
	Read  func([]byte) (T, error)
	// Accept refuses a change that cannot hold while the process runs; nil takes all.
	Accept func(now, next T) error
	Log    *slog.Logger
}

// File is a file that is followed. It is safe for concurrent use.
type File[T any] struct {
	o Options[T]

	mu      sync.Mutex
	value   T
	changes uint64
	seen    []byte // the content that was looked at last; nil: there was none
	problem error  // of that content
}

// Open reads a file, which has to be right to begin with.
func Open[T any](o Options[T]) (*File[T], error) {
	body, err := userfile.ReadSoon(o.Path, o.Limit)
	if err != nil {
		return nil, fmt.Errorf("read the %s: %w", o.What, err)
	}
	f := &File[T]{o: o, seen: body}
	if f.value, err = o.Read(body); err != nil {
		return nil, fmt.Errorf("%s of %s:\n%w", o.What, o.Path, err)
	}
	return f, nil
}

// Fixed is what never changes, without a file.
func Fixed[T any](value T) *File[T] { return &File[T]{value: value} }

// Value is what holds now. It is shared: do not change it.
func (f *File[T]) Value() T {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.value
}

// Changes counts how often the value has changed.
func (f *File[T]) Changes() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changes
}

// Problem is why the newest content of the file does not hold; nil when it does.
func (f *File[T]) Problem() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.problem
}

// Follow looks at the file again and again until ctx ends. A ConfigMap is swapped as a link, so that only the content
// says whether there is something new.
func (f *File[T]) Follow(ctx context.Context, every time.Duration) {
	if f.o.Path == "" {
		<-ctx.Done()
		return
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			f.look(ctx)
		}
	}
}

func (f *File[T]) look(ctx context.Context) {
	body, err := userfile.Read(ctx, f.o.Path, f.o.Limit)
	if ctx.Err() != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		if f.problem == nil || f.problem.Error() != err.Error() {
			f.o.Log.ErrorContext(ctx, "a file cannot be read; what it said before still holds", "of", f.o.What, "file", f.o.Path, "error", err)
		}
		f.problem, f.seen = err, nil
		return
	}
	if f.seen != nil && bytes.Equal(body, f.seen) {
		return
	}
	f.seen = body
	next, err := f.o.Read(body)
	if err == nil && f.o.Accept != nil {
		err = f.o.Accept(f.value, next)
	}
	if f.problem = err; err != nil {
		f.o.Log.ErrorContext(ctx, "a file has mistakes; what it said before still holds", "of", f.o.What, "file", f.o.Path, "error", err)
		return
	}
	f.value = next
	f.changes++
	f.o.Log.InfoContext(ctx, "a file has changed, and holds", "of", f.o.What, "file", f.o.Path)
}
