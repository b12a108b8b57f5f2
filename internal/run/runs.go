package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
)

const (
	runPrefix    = "run."
	activePrefix = "active."
	latestPrefix = "latest."

	summaryPrefix = "summary."
)

// Runs are the records of all runs, and what belongs to them. It is safe for concurrent use.
type Runs struct {
	Targets Targets
	Permits *Permits
	OptOuts OptOuts

	bus     *bus.Bus
	log     *slog.Logger
	records *bus.Bucket[Record]
	latest  *bus.Bucket[names]
	leases  *bus.Bucket[lease]

	summaries *bus.Bucket[Summary]
}

// New gives access to the runs on a bus.
func New(b *bus.Bus) *Runs {
	r := &Runs{
		bus: b, log: b.Log(),
		records: bus.OpenBucket[Record](b, events.BucketRuns),
		latest:  bus.OpenBucket[names](b, events.BucketRuns),
		leases:  bus.OpenBucket[lease](b, events.BucketLeases),

		summaries: bus.OpenBucket[Summary](b, events.BucketRuns),
	}
	r.OptOuts = OptOuts{bucket: bus.OpenBucket[OptOut](b, events.BucketPolicy)}
	r.Permits = newPermits(r, b, events.BucketPermits)
	r.Targets = Targets{runs: r, holders: bus.OpenBucket[holder](b, events.BucketRuns)}
	return r
}

// Create stores a new record. It reports false, and no error, when the run exists already.
func (r *Runs) Create(ctx context.Context, rec Record) (bool, error) {
	rec.Created = time.Now().UTC()
	rec.Updated = rec.Created
	err := r.records.Create(ctx, runPrefix+rec.Run, rec)
	if errors.Is(err, bus.ErrExists) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("create record of run %s: %w", rec.Run, err)
	}
	return true, nil
}

// Get reads a record. It returns ErrNoRecord when there is none.
func (r *Runs) Get(ctx context.Context, run string) (Record, error) {
	if events.Token(run) != run {
		return Record{}, fmt.Errorf("run %q: %w", run, ErrNoRecord)
	}
	e, err := r.records.Get(ctx, runPrefix+run)
	return e.Value, about(run, err)
}

// notYet is how long a record that something stored names may be missing: no read is certain to see the latest.
const notYet = 30 * time.Second

// GetNamed is [Runs.Get] for a run that a record or an event names: one that is missing is looked for again for half a
// minute.
func (r *Runs) GetNamed(ctx context.Context, run string) (Record, error) {
	const again = time.Second
	for until := time.Now().Add(notYet); ; {
		rec, err := r.Get(ctx, run)
		if !errors.Is(err, ErrNoRecord) || events.Token(run) != run || time.Now().After(until) {
			return rec, err
		}
		select {
		case <-time.After(again):
		case <-ctx.Done():
			return rec, err
		}
	}
}

// Update changes a record whoever owns it. fn is called again with the fresh record when somebody else was faster; an
// error of fn aborts without a write.
func (r *Runs) Update(ctx context.Context, run string, fn func(*Record) error) (Record, error) {
	if events.Token(run) != run {
		return Record{}, fmt.Errorf("run %q: %w", run, ErrNoRecord)
	}
	rec, err := r.records.Update(ctx, runPrefix+run, func(rec *Record) error {
		if err := fn(rec); err != nil {
			return err
		}
		rec.Updated = time.Now().UTC()
		return nil
	})
	return rec, about(run, err)
}

// about says whose record it is that is missing.
func about(run string, err error) error {
	if errors.Is(err, bus.ErrNotFound) {
		return fmt.Errorf("run %s: %w", run, ErrNoRecord)
	}
	return err
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
	entries, err := r.records.Watch(ctx, key)
	if err != nil {
		return nil, err
	}
	out := make(chan Record)
	go func() {
		defer close(out)
		for e := range entries {
			select {
			case out <- e.Value:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

// List returns every record, in no order.
func (r *Runs) List(ctx context.Context) ([]Record, error) {
	entries, err := r.records.List(ctx, runPrefix+"*")
	all := make([]Record, 0, len(entries))
	for _, e := range entries {
		all = append(all, e.Value)
	}
	return all, err
}

// Resume tells a service to take a run up again. It is for that service only.
func (r *Runs) Resume(ctx context.Context, service, run string) error {
	return r.bus.Publish(ctx, events.ResumeSubject(service, run), "", events.Header{events.HeaderRun: {run}}, nil)
}
