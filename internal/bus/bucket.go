package bus

import (
	"context"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// The errors of a [Bucket] about its keys.
var (
	ErrNotFound = errors.New("no such key")
	ErrExists   = errors.New("the key exists")
)

const (
	bucketPrefix = "KV_"
	keyPrefix    = "$KV."

	headerOperation = "KV-Operation" // of a message that deletes a key
	headerMarker    = "Nats-Marker-Reason"
	opDelete        = "DEL"
)

// Bucket is a key-value bucket of one type, changed by compare-and-set. A value is stored as JSON, or as its text when it
// is an [encoding.TextMarshaler]. It is safe for concurrent use.
type Bucket[T any] struct {
	bus  *Bus
	name string
}

// OpenBucket returns a bucket, which has to be provisioned by the time it is used.
func OpenBucket[T any](b *Bus, name string) *Bucket[T] { return &Bucket[T]{bus: b, name: name} }

// Entry is a value as it is stored.
type Entry[T any] struct {
	Key      string
	Value    T
	Revision uint64    // in the bucket; 0 is not there
	Stored   time.Time // by the server's clock
}

// Get reads a value, or returns [ErrNotFound]. What it says may be old, so nothing is decided by it alone.
func (k *Bucket[T]) Get(ctx context.Context, key string) (Entry[T], error) {
	e, _, err := k.last(ctx, key)
	if err == nil && e.Stored.IsZero() {
		err = fmt.Errorf("read %s of %s: %w", key, k.name, ErrNotFound)
	}
	return e, err
}

// last reads an entry and the id of the message that holds it. The revision of a deleted key is that of its deletion,
// and its time is zero.
func (k *Bucket[T]) last(ctx context.Context, key string) (Entry[T], string, error) {
	e := Entry[T]{Key: key}
	m, err := k.bus.last(ctx, bucketPrefix+k.name, k.subject(key))
	if err != nil {
		return e, "", fmt.Errorf("read %s of %s: %w", key, k.name, err)
	}
	if m == nil {
		return e, "", nil
	}
	e.Revision = m.Sequence
	id := m.Header.Get(jetstream.MsgIDHeader)
	if m.Header.Get(headerOperation) != "" || m.Header.Get(headerMarker) != "" {
		return e, id, nil
	}
	e.Stored = m.Time
	if err := decodeValue(m.Data, &e.Value); err != nil {
		return e, id, fmt.Errorf("read %s of %s: %w", key, k.name, err)
	}
	return e, id, nil
}

// Create stores a value under a key that is not there, or returns [ErrExists].
func (k *Bucket[T]) Create(ctx context.Context, key string, v T) error {
	_, err := k.change(ctx, key, blind, func(e *Entry[T]) error {
		if !e.Stored.IsZero() {
			return fmt.Errorf("create %s in %s: %w", key, k.name, ErrExists)
		}
		e.Value = v
		return nil
	})
	return err
}

// Update changes the value of a key that is there, or returns [ErrNotFound]. fn is called with the stored value, again
// with the fresh one when somebody else was faster; its error aborts, and nothing is written.
func (k *Bucket[T]) Update(ctx context.Context, key string, fn func(*T) error) (T, error) {
	return k.change(ctx, key, reading, func(e *Entry[T]) error {
		if e.Stored.IsZero() {
			return fmt.Errorf("change %s in %s: %w", key, k.name, ErrNotFound)
		}
		return fn(&e.Value)
	})
}

// Upsert is [Bucket.Update] that begins with the zero value where there is none.
func (k *Bucket[T]) Upsert(ctx context.Context, key string, fn func(*T) error) (T, error) {
	return k.change(ctx, key, reading, func(e *Entry[T]) error { return fn(&e.Value) })
}

// Change is [Bucket.Upsert] for a decision that depends on when the value was stored, too. fn changes the value of the entry.
func (k *Bucket[T]) Change(ctx context.Context, key string, fn func(*Entry[T]) error) (T, error) {
	return k.change(ctx, key, reading, fn)
}

// first says how a change begins: by reading, or as if there were nothing.
type first int

const (
	reading first = iota
	blind
)

// changeFor is how long a change is tried again against others, and against a stream without a majority.
const changeFor = time.Minute

// change is the compare-and-set behind every write that depends on what was there.
func (k *Bucket[T]) change(ctx context.Context, key string, how first, fn func(*Entry[T]) error) (T, error) {
	until := time.Now().Add(changeFor)
	ours := map[string]bool{} // messages that were refused, but may have been on their way
	e := Entry[T]{Key: key}
	for try := 0; ; try++ {
		unread := how == blind && try == 0
		if !unread {
			var holder string
			var err error
			if e, holder, err = k.last(ctx, key); err != nil || ours[holder] {
				return e.Value, err
			}
		}
		if err := fn(&e); err != nil {
			return e.Value, err
		}
		id := uuid.NewString()
		err := k.replace(ctx, key, e, id)
		if err == nil {
			return e.Value, nil
		}
		ours[id] = true
		if !IsConflict(err) || time.Now().After(until) || k.yield(ctx, try, unread) != nil {
			return e.Value, fmt.Errorf("write %s of %s: %w", key, k.name, err)
		}
	}
}

// yield pauses after a conflict, but not after one of a write before which nothing was read.
func (k *Bucket[T]) yield(ctx context.Context, try int, unread bool) error {
	if unread {
		return ctx.Err() //nolint:wrapcheck // the caller has an error.
	}
	return pause(ctx, try)
}

// replace stores a value under the given message id if the entry is still the last one of its key.
func (k *Bucket[T]) replace(ctx context.Context, key string, e Entry[T], id string) error {
	body, err := encodeValue(e.Value)
	if err != nil {
		return err
	}
	_, err = k.bus.swap(ctx, bucketPrefix+k.name, &nats.Msg{Subject: k.subject(key), Data: body, Header: nats.Header{}}, id, e.Revision)
	return err
}

// Put stores a value, whatever was there.
func (k *Bucket[T]) Put(ctx context.Context, key string, v T) error {
	body, err := encodeValue(v)
	if err == nil {
		_, err = k.bus.store(ctx, &nats.Msg{Subject: k.subject(key), Data: body, Header: nats.Header{}}, uuid.NewString())
	}
	if err != nil {
		return fmt.Errorf("write %s of %s: %w", key, k.name, err)
	}
	return nil
}

// Delete removes a key if its value is as expected. A key that is not there is no error.
func (k *Bucket[T]) Delete(ctx context.Context, key string, expected func(T) bool) error {
	for try := 0; ; try++ {
		e, _, err := k.last(ctx, key)
		if err != nil || e.Stored.IsZero() || !expected(e.Value) {
			return err
		}
		m := &nats.Msg{Subject: k.subject(key), Header: nats.Header{headerOperation: {opDelete}}}
		_, err = k.bus.swap(ctx, bucketPrefix+k.name, m, uuid.NewString(), e.Revision)
		if err == nil {
			return nil
		}
		if !IsConflict(err) || pause(ctx, try) != nil {
			return fmt.Errorf("delete %s of %s: %w", key, k.name, err)
		}
	}
}

// MaxAge is how long a value is kept; 0 is for ever.
func (k *Bucket[T]) MaxAge(ctx context.Context) (time.Duration, error) {
	var age time.Duration
	err := k.bus.read(ctx, bucketPrefix+k.name, func(_ context.Context, s jetstream.Stream) error {
		age = s.CachedInfo().Config.MaxAge
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("look up %s: %w", k.name, err)
	}
	return age, nil
}

func (k *Bucket[T]) subject(key string) string { return keyPrefix + k.name + "." + key }

func encodeValue(v any) ([]byte, error) {
	if t, ok := v.(encoding.TextMarshaler); ok {
		return t.MarshalText() //nolint:wrapcheck // the caller says what for.
	}
	return json.Marshal(v) //nolint:wrapcheck // the caller says what for.
}

func decodeValue(b []byte, into any) error {
	if t, ok := into.(encoding.TextUnmarshaler); ok {
		return t.UnmarshalText(b) //nolint:wrapcheck // the caller says what for.
	}
	return json.Unmarshal(b, into) //nolint:wrapcheck // the caller says what for.
}
