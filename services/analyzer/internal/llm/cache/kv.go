package cache

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

// KV is the Store that all analyzers of a deployment share: events.BucketAnswers, whose size the server limits. When it
// is full, nothing more is kept until the oldest answers expire.
type KV struct{ JS jetstream.JetStream }

// Get implements Store.
func (k KV) Get(ctx context.Context, key string) ([]byte, time.Time, error) {
	kv, err := k.bucket(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	e, err := kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, time.Time{}, nil
	}
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read a kept answer: %w", err)
	}
	return e.Value(), e.Created(), nil
}

// Put implements Store.
func (k KV) Put(ctx context.Context, key string, body []byte) error {
	kv, err := k.bucket(ctx)
	if err != nil {
		return err
	}
	if _, err := kv.Put(ctx, key, body); err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	return nil
}

func (k KV) bucket(ctx context.Context) (jetstream.KeyValue, error) {
	kv, err := k.JS.KeyValue(ctx, events.BucketAnswers)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s (run `squirrly provision`): %w", events.BucketAnswers, err)
	}
	return kv, nil
}
