package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// anew is how often a watch looks whether its bucket was made again: the client would go on waiting for the revision that
// comes after the last one of the old bucket.
const anew = 5 * time.Second

// Watch follows the keys that fit a pattern: first those there are, then every change, until ctx ends or the connection is
// closed for good; the channel is closed then. When the client gives a watch up, without a leader for example, or the
// bucket is made again, it begins anew: what is there comes again. It may lag behind, since any replica feeds it. What
// cannot be decoded and what is deleted is left out.
func (k *Bucket[T]) Watch(ctx context.Context, pattern string) (<-chan Entry[T], error) {
	w, err := k.watch(ctx, pattern)
	for try := 0; IsUnanswered(err) && pause(ctx, try) == nil && try < watchTries; try++ {
		w, err = k.watch(ctx, pattern)
	}
	if err != nil {
		return nil, err
	}
	out := make(chan Entry[T])
	go func() {
		defer close(out)
		for w != nil {
			k.pass(ctx, w, out)
			w = k.again(ctx, pattern)
		}
	}()
	return out, nil
}

// watchTries is how often the first opening of a watch is tried that nobody answers; each waits for [apiTimeout].
const watchTries = 3

// again opens a watch that has ended, however long that takes; nil is the end.
func (k *Bucket[T]) again(ctx context.Context, pattern string) jetstream.KeyWatcher {
	const between = time.Second
	for logged := false; ctx.Err() == nil && k.bus.closed() == nil; _ = sleep(ctx, between) {
		w, err := k.watch(ctx, pattern)
		if err == nil {
			return w
		}
		if !logged {
			k.bus.log.WarnContext(ctx, "waiting for a bucket to watch", "bucket", k.name, "error", err)
			logged = true
		}
	}
	return nil
}

// pass hands on what a watch brings, until it has ended or its bucket is another.
func (k *Bucket[T]) pass(ctx context.Context, w jetstream.KeyWatcher, out chan<- Entry[T]) {
	defer func() { _ = w.Stop() }() // it may have ended by itself
	created := k.created(ctx)
	look := time.NewTicker(anew)
	defer look.Stop()
	for {
		select {
		case stored, ok := <-w.Updates():
			if !ok {
				return
			}
			hand(ctx, stored, out)
		case <-look.C:
			if now := k.created(ctx); created.IsZero() {
				created = now
			} else if !now.IsZero() && !now.Equal(created) {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// hand passes one entry on, if it is one and ctx does not end first.
func hand[T any](ctx context.Context, stored jetstream.KeyValueEntry, out chan<- Entry[T]) {
	e, ok := decodeEntry[T](stored)
	if !ok {
		return
	}
	select {
	case out <- e:
	case <-ctx.Done():
	}
}

// created returns when the bucket was made; zero is unknown.
func (k *Bucket[T]) created(ctx context.Context) time.Time {
	call, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	s, err := k.bus.js.Stream(call, bucketPrefix+k.name)
	if err != nil {
		return time.Time{}
	}
	return s.CachedInfo().Created
}

// mostAhead is for how many values [Bucket.List] makes room when the server says that as many follow.
const mostAhead = 100_000

// List returns what fits a pattern, in no order.
func (k *Bucket[T]) List(ctx context.Context, pattern string) ([]Entry[T], error) {
	w, err := k.watch(ctx, pattern)
	if err != nil {
		return nil, err
	}
	defer func() { _ = w.Stop() }() // it is read to its end
	var all []Entry[T]
	for {
		select {
		case stored, open := <-w.Updates():
			if !open {
				return nil, fmt.Errorf("list %s of %s: %w", pattern, k.name, cmp.Or(ctx.Err(), errEnded))
			}
			if stored == nil { // marks the end of what was there
				return all, nil
			}
			all = add(all, stored)
		case <-ctx.Done():
			return nil, fmt.Errorf("list %s of %s: %w", pattern, k.name, ctx.Err())
		}
	}
}

// add appends an entry, if it is one. The first says how many follow.
func add[T any](all []Entry[T], stored jetstream.KeyValueEntry) []Entry[T] {
	if all == nil {
		all = make([]Entry[T], 0, min(stored.Delta(), mostAhead)+1)
	}
	if e, ok := decodeEntry[T](stored); ok {
		all = append(all, e)
	}
	return all
}

// Keys returns the keys that fit a pattern, in no order, without their values: a fraction of what [Bucket.List] takes. Those
// that were deleted are among them.
func (k *Bucket[T]) Keys(ctx context.Context, pattern string) ([]string, error) {
	var keys []string
	err := k.bus.read(ctx, bucketPrefix+k.name, func(ctx context.Context, s jetstream.Stream) error {
		info, err := s.Info(ctx, jetstream.WithSubjectFilter(k.subject(pattern)))
		if err != nil {
			return err //nolint:wrapcheck // the caller says what for.
		}
		keys = make([]string, 0, len(info.State.Subjects))
		for subject := range info.State.Subjects {
			keys = append(keys, strings.TrimPrefix(subject, k.subject("")))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the keys %s of %s: %w", pattern, k.name, err)
	}
	return keys, nil
}

var errEnded = errors.New("the server ended the answer before its end")

func (k *Bucket[T]) watch(ctx context.Context, pattern string) (jetstream.KeyWatcher, error) {
	kv, err := k.bus.js.KeyValue(ctx, k.name)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s (run `squirrly provision`): %w", k.name, err)
	}
	w, err := kv.Watch(ctx, pattern, jetstream.IgnoreDeletes())
	if err != nil {
		return nil, fmt.Errorf("watch %s of %s: %w", pattern, k.name, err)
	}
	return w, nil
}

func decodeEntry[T any](stored jetstream.KeyValueEntry) (Entry[T], bool) {
	if stored == nil {
		return Entry[T]{}, false
	}
	e := Entry[T]{Key: stored.Key(), Revision: stored.Revision(), Stored: stored.Created()}
	return e, decodeValue(stored.Value(), &e.Value) == nil
}
