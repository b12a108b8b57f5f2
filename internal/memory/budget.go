// Package memory divides the memory that a process may have among what it does at a time, so that it waits instead of being
// killed.
//
// Whoever is about to hold much takes a share of the [Budget] first, of the whole that it will need, and gives it back when
// it holds nothing of it any more. Shares are given in the order in which they were asked for, so that nobody waits for ever; small
// ones have a part of the budget to themselves, so that they do not wait behind a large one. Who holds a share must not ask
// for another: two that did would wait for each other.
//
// What a share weighs is for the caller to know; nothing here looks at the heap.
package memory

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/semaphore"
)

// ErrTooLarge says that a share is larger than any that can be given, however long one waits.
var ErrTooLarge = errors.New("more than this process may have")

const (
	smallPart = 16 // of the whole: what is kept for small shares
	smallest  = 4  // of the small part: the largest small share
)

// Budget is an amount of bytes. It is safe for concurrent use. A nil one has no end: every share is given at once.
type Budget struct {
	large, small part
}

// part is what one kind of shares is taken of.
type part struct {
	of   *semaphore.Weighted
	most int64 // of one share
}

// New returns a budget of so many bytes, at least one.
func New(bytes int64) *Budget {
	little := max(bytes, 1) / smallPart
	rest := max(bytes, 1) - little
	return &Budget{
		large: part{semaphore.NewWeighted(rest), rest},
		small: part{semaphore.NewWeighted(little), little / smallest},
	}
}

// Most is the largest share that can be given, in bytes; 0 is no limit.
func (b *Budget) Most() int64 {
	if b == nil {
		return 0
	}
	return b.large.most
}

// Fits reports whether a share of so many bytes can be given.
func (b *Budget) Fits(bytes int64) bool { return b == nil || bytes <= b.large.most }

// Take waits for a share of so many bytes, and returns the function that gives it back, which may be called again. The error
// is [ErrTooLarge], or says what ended ctx.
func (b *Budget) Take(ctx context.Context, bytes int64) (giveBack func(), err error) {
	if b == nil || bytes <= 0 {
		return func() {}, nil
	}
	if !b.Fits(bytes) {
		return nil, fmt.Errorf("%w: %d MiB of %d", ErrTooLarge, bytes>>20, b.large.most>>20)
	}
	from := b.large
	if bytes <= b.small.most {
		from = b.small
	}
	if err := from.of.Acquire(ctx, bytes); err != nil {
		return nil, fmt.Errorf("wait for %d MiB of memory: %w", bytes>>20, context.Cause(ctx))
	}
	return sync.OnceFunc(func() { from.of.Release(bytes) }), nil
}
