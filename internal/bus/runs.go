package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
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

func isConflict(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == errCodeWrongLast
}

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

// Activate claims a target for a run. It returns the run that holds the claim: the given one, or an older one that is
// still under way.
func (r *Runs) Activate(ctx context.Context, target, run string) (string, error) {
	kv, err := r.bucket(ctx)
	if err != nil {
		return "", err
	}
	key := activePrefix + target
	for {
		_, err := kv.Create(ctx, key, []byte(run))
		if err == nil {
			return run, nil
		}
		if !errors.Is(err, jetstream.ErrKeyExists) {
			return "", fmt.Errorf("claim target of run %s: %w", run, err)
		}
		entry, err := kv.Get(ctx, key)
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("read claim of target: %w", err)
		}
		holder := string(entry.Value())
		if holder == run {
			return run, nil
		}
		if live, err := r.live(ctx, holder, entry.Created()); err != nil || live {
			return holder, err
		}
		if _, err = kv.Update(ctx, key, []byte(run), entry.Revision()); err == nil {
			return run, nil
		} else if !isConflict(err) {
			return "", fmt.Errorf("take over claim of target: %w", err)
		}
	}
}

// live reports whether a run is still under way. One that claimed a moment ago has no record yet.
func (r *Runs) live(ctx context.Context, run string, claimed time.Time) (bool, error) {
	const grace = time.Minute
	rec, err := r.Get(ctx, run)
	if errors.Is(err, ErrNoRecord) {
		return time.Since(claimed) < grace, nil
	}
	return err == nil && !rec.State.Terminal(), err
}

// Deactivate frees the claim of a run on its target, if it holds it.
func (r *Runs) Deactivate(ctx context.Context, target, run string) error {
	kv, err := r.bucket(ctx)
	if err != nil {
		return err
	}
	entry, err := kv.Get(ctx, activePrefix+target)
	if errors.Is(err, jetstream.ErrKeyNotFound) || err == nil && string(entry.Value()) != run {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read claim of run %s: %w", run, err)
	}
	err = kv.Delete(ctx, activePrefix+target, jetstream.LastRevision(entry.Revision()))
	if err != nil && !isConflict(err) {
		return fmt.Errorf("free claim of run %s: %w", run, err)
	}
	return nil
}

const latestKept = 20

// Latest returns the ids of the last analyzed runs of a target, newest first.
func (r *Runs) Latest(ctx context.Context, target string) ([]string, error) {
	kv, err := r.bucket(ctx)
	if err != nil {
		return nil, err
	}
	entry, err := kv.Get(ctx, latestPrefix+target)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read latest runs: %w", err)
	}
	return strings.Fields(string(entry.Value())), nil
}

// AddLatest puts an analyzed run in front of the last runs of its target. Doing it twice changes nothing.
func (r *Runs) AddLatest(ctx context.Context, target, run string) error {
	kv, err := r.bucket(ctx)
	if err != nil {
		return err
	}
	for {
		entry, err := kv.Get(ctx, latestPrefix+target)
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			_, err = kv.Create(ctx, latestPrefix+target, []byte(run))
			if errors.Is(err, jetstream.ErrKeyExists) {
				continue
			}
		} else if err == nil {
			runs := strings.Fields(string(entry.Value()))
			if strings.Contains(" "+strings.Join(runs, " ")+" ", " "+run+" ") {
				return nil
			}
			runs = append([]string{run}, runs[:min(len(runs), latestKept-1)]...)
			_, err = kv.Update(ctx, latestPrefix+target, []byte(strings.Join(runs, " ")), entry.Revision())
			if isConflict(err) {
				continue
			}
		}
		if err != nil {
			return fmt.Errorf("note run %s as the latest: %w", run, err)
		}
		return nil
	}
}
