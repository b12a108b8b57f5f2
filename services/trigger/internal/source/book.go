package source

import (
	"context"

	"squirrly.dev/internal/bus"
)

// Book is what sources remember: values of one type by their keys, changed by compare-and-set. It is a [bus.Bucket] of
// [events.BucketPolicy]; nothing that a decision needs is kept anywhere else.
type Book[T any] interface {
	Get(ctx context.Context, key string) (bus.Entry[T], error)
	Upsert(ctx context.Context, key string, fn func(*T) error) (T, error)
}
