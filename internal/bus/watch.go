package bus

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

// Watch follows one record until ctx ends; the channel is closed then.
func (r *Runs) Watch(ctx context.Context, run string) (<-chan Record, error) {
	return r.watch(ctx, runPrefix+events.Token(run))
}

// WatchAll follows every record: first those there are, then every change, until ctx ends.
func (r *Runs) WatchAll(ctx context.Context) (<-chan Record, error) {
	return r.watch(ctx, runPrefix+"*")
}

func (r *Runs) watch(ctx context.Context, key string) (<-chan Record, error) {
	kv, err := r.bucket(ctx)
	if err != nil {
		return nil, err
	}
	w, err := kv.Watch(ctx, key, jetstream.IgnoreDeletes())
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", key, err)
	}
	out := make(chan Record)
	go func() {
		defer close(out)
		for entry := range w.Updates() {
			if entry == nil { // marks the end of what was there
				continue
			}
			rec, err := decodeRecord(entry.Value())
			if err != nil {
				continue
			}
			select {
			case out <- rec:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

// List returns every record, in no order.
func (r *Runs) List(ctx context.Context) ([]Record, error) {
	kv, err := r.bucket(ctx)
	if err != nil {
		return nil, err
	}
	w, err := kv.Watch(ctx, runPrefix+"*", jetstream.IgnoreDeletes())
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	defer func() { _ = w.Stop() }()
	var all []Record
	for {
		select {
		case entry := <-w.Updates():
			if entry == nil {
				return all, nil
			}
			if rec, err := decodeRecord(entry.Value()); err == nil {
				all = append(all, rec)
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("list runs: %w", ctx.Err())
		}
	}
}
