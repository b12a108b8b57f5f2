package bus

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Watch follows the keys that fit a pattern: first those there are, then every change, until ctx ends; the channel is
// closed then. It may lag behind, since any replica feeds it. What cannot be decoded and what is deleted is left out.
func (k *Bucket[T]) Watch(ctx context.Context, pattern string) (<-chan Entry[T], error) {
	w, err := k.watch(ctx, pattern)
	if err != nil {
		return nil, err
	}
	out := make(chan Entry[T])
	go func() {
		defer close(out)
		for stored := range w.Updates() {
			e, ok := decodeEntry[T](stored)
			if !ok {
				continue
			}
			select {
			case out <- e:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

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
		case stored := <-w.Updates():
			if stored == nil { // marks the end of what was there
				return all, nil
			}
			if e, ok := decodeEntry[T](stored); ok {
				all = append(all, e)
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("list %s of %s: %w", pattern, k.name, ctx.Err())
		}
	}
}

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
