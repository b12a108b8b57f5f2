package cache

import (
	"context"
	"errors"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
)

// KV is the Store that all analyzers of a deployment share: events.BucketAnswers, whose size the server limits. When it
// is full, nothing more is kept until the oldest answers expire.
type KV struct{ answers *bus.Bucket[body] }

// body is an answer, stored as it is.
type body []byte

// MarshalText implements encoding.TextMarshaler.
func (b body) MarshalText() ([]byte, error) { return b, nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *body) UnmarshalText(text []byte) error { *b = text; return nil }

// Shared returns the Store of all who share a bus.
func Shared(b *bus.Bus) KV { return KV{bus.OpenBucket[body](b, events.BucketAnswers)} }

// Get implements Store.
func (k KV) Get(ctx context.Context, key string) ([]byte, time.Time, error) {
	e, err := k.answers.Get(ctx, key)
	if errors.Is(err, bus.ErrNotFound) {
		return nil, time.Time{}, nil
	}
	return e.Value, e.Stored, err
}

// Put implements Store.
func (k KV) Put(ctx context.Context, key string, answer []byte) error {
	return k.answers.Put(ctx, key, answer)
}
