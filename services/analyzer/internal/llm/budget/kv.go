package budget

import (
	"context"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
)

// KV is the Book that all analyzers of a deployment share: events.BucketSpending, changed by compare-and-set.
type KV struct{ sums *bus.Bucket[Sum] }

// Shared returns the Book of all who share a bus.
func Shared(b *bus.Bus) KV { return KV{bus.OpenBucket[Sum](b, events.BucketSpending)} }

// Change implements Book. A key that is not there is an empty sum; one that cannot be read is an error, since it may be a
// large one.
func (k KV) Change(ctx context.Context, key string, fn func(Sum) (Sum, error)) error {
	_, err := k.sums.Upsert(ctx, key, func(s *Sum) error {
		next, err := fn(*s)
		if err == nil {
			*s = next
		}
		return err
	})
	return err
}
