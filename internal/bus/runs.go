package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

const (
	runPrefix    = "run."
	activePrefix = "active."
	latestPrefix = "latest."
)

// errCodeWrongLast is what a compare-and-set answers when somebody else was faster.
const errCodeWrongLast = 10071

// Runs are the run records and what belongs to them: who is active for a target, and the latest results.
type Runs struct {
	bus *Bus

	mu sync.Mutex
	kv jetstream.KeyValue
}

func (r *Runs) bucket(ctx context.Context) (jetstream.KeyValue, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kv != nil {
		return r.kv, nil
	}
	kv, err := r.bus.js.KeyValue(ctx, events.BucketRuns)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s (run `squirrly provision`): %w", events.BucketRuns, err)
	}
	r.kv = kv
	return kv, nil
}

// Create stores a new record. It reports false, and no error, when the run exists already.
func (r *Runs) Create(ctx context.Context, rec Record) (bool, error) {
	kv, err := r.bucket(ctx)
	if err != nil {
		return false, err
	}
	rec.Created = time.Now().UTC()
	b, err := rec.encode()
	if err != nil {
		return false, err
	}
	if _, err = kv.Create(ctx, runPrefix+rec.Run, b); errors.Is(err, jetstream.ErrKeyExists) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("create record of run %s: %w", rec.Run, err)
	}
	return true, nil
}

// Get reads a record. It returns ErrNoRecord when there is none.
func (r *Runs) Get(ctx context.Context, run string) (Record, error) {
	rec, _, err := r.read(ctx, run)
	return rec, err
}

func (r *Runs) read(ctx context.Context, run string) (Record, jetstream.KeyValueEntry, error) {
	kv, err := r.bucket(ctx)
	if err != nil {
		return Record{}, nil, err
	}
	if events.Token(run) != run {
		return Record{}, nil, fmt.Errorf("run %q: %w", run, ErrNoRecord)
	}
	entry, err := kv.Get(ctx, runPrefix+run)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return Record{}, nil, fmt.Errorf("run %s: %w", run, ErrNoRecord)
	}
	if err != nil {
		return Record{}, nil, fmt.Errorf("read record of run %s: %w", run, err)
	}
	rec, err := decodeRecord(entry.Value())
	return rec, entry, err
}

// Update changes a record whoever owns it. fn is called again with the fresh record when somebody else was faster; an
// error of fn aborts without a write.
func (r *Runs) Update(ctx context.Context, run string, fn func(*Record) error) (Record, error) {
	return r.swap(ctx, run, func(rec *Record, _ jetstream.KeyValueEntry) error { return fn(rec) })
}

// swap is the compare-and-set loop behind every change.
func (r *Runs) swap(ctx context.Context, run string, fn func(*Record, jetstream.KeyValueEntry) error) (Record, error) {
	for {
		rec, entry, err := r.read(ctx, run)
		if err != nil {
			return rec, err
		}
		if err := fn(&rec, entry); err != nil {
			return rec, err
		}
		b, err := rec.encode()
		if err != nil {
			return rec, err
		}
		_, err = r.kv.Update(ctx, runPrefix+run, b, entry.Revision())
		if err == nil {
			return rec, nil
		}
		if !isConflict(err) {
			return rec, fmt.Errorf("write record of run %s: %w", run, err)
		}
	}
}

// isConflict reports whether somebody wrote first. Replicated streams have a code of their own for it.
func isConflict(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) &&
		(api.ErrorCode == errCodeWrongLast || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}
