package budget

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

// KV is the Book that all analyzers of a deployment share: events.BucketSpending, changed by compare-and-set.
type KV struct{ JS jetstream.JetStream }

// Change implements Book.
func (k KV) Change(ctx context.Context, key string, fn func(Sum) (Sum, error)) error {
	kv, err := k.JS.KeyValue(ctx, events.BucketSpending)
	if err != nil {
		return fmt.Errorf("open bucket %s (run `squirrly provision`): %w", events.BucketSpending, err)
	}
	for {
		s, revision, err := read(ctx, kv, key)
		if err != nil {
			return err
		}
		if s, err = fn(s); err != nil {
			return err
		}
		body, err := json.Marshal(s)
		if err != nil {
			return fmt.Errorf("encode what was spent: %w", err)
		}
		_, err = kv.Update(ctx, key, body, revision)
		if err == nil {
			return nil
		}
		if !errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
			return fmt.Errorf("write what was spent: %w", err)
		}
	}
}

// read returns a sum with its revision; a key that is not there is an empty sum of revision 0. A sum that cannot be read
// is an error, since it may be a large one.
func read(ctx context.Context, kv jetstream.KeyValue, key string) (Sum, uint64, error) {
	var s Sum
	e, err := kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return s, 0, nil
	}
	if err != nil {
		return s, 0, fmt.Errorf("read what was spent: %w", err)
	}
	if err := json.Unmarshal(e.Value(), &s); err != nil {
		return s, 0, fmt.Errorf("decode what was spent: %w", err)
	}
	return s, e.Revision(), nil
}
