package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"squirrly.dev/internal/bus"
)

// Targets are the reservations of targets: one run at a time profiles a job.
type Targets struct {
	runs    *Runs
	holders *bus.Bucket[holder]
}

// holder is the run that has reserved a target, stored as its bare id.
type holder string

// MarshalText implements encoding.TextMarshaler.
func (h holder) MarshalText() ([]byte, error) { return []byte(h), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *holder) UnmarshalText(b []byte) error { *h = holder(b); return nil }

var errHeld = errors.New("another run holds the target")

// Reserve reserves a target for a run. It returns the run that holds it: the given one, or an older one that is still
// under way.
func (t Targets) Reserve(ctx context.Context, target, run string) (string, error) {
	err := t.holders.Create(ctx, activePrefix+target, holder(run))
	if err == nil {
		return run, nil
	}
	if !errors.Is(err, bus.ErrExists) {
		return "", fmt.Errorf("reserve the target of run %s: %w", run, err)
	}
	claimed, err := t.holders.Get(ctx, activePrefix+target)
	if err != nil && !errors.Is(err, bus.ErrNotFound) {
		return "", fmt.Errorf("reserve the target of run %s: %w", run, err)
	}
	held, err := t.holders.Upsert(ctx, activePrefix+target, func(h *holder) error {
		if *h != "" && *h != holder(run) {
			live, err := t.live(ctx, string(*h), claimed.Stored)
			if err != nil {
				return err
			}
			if live {
				return errHeld
			}
		}
		*h = holder(run)
		return nil
	})
	if err != nil && !errors.Is(err, errHeld) {
		return "", fmt.Errorf("reserve the target of run %s: %w", run, err)
	}
	return string(held), nil
}

// live reports whether a run is still under way. One that reserved a moment ago has no record yet.
func (t Targets) live(ctx context.Context, run string, since time.Time) (bool, error) {
	const grace = time.Minute
	rec, err := t.runs.Get(ctx, run)
	if errors.Is(err, ErrNoRecord) {
		return time.Since(since) < grace, nil
	}
	return err == nil && !rec.State.Terminal(), err
}

// Release frees a target, if the run holds it.
func (t Targets) Release(ctx context.Context, target, run string) error {
	err := t.holders.Delete(ctx, activePrefix+target, func(h holder) bool { return h == holder(run) })
	if err != nil {
		return fmt.Errorf("release the target of run %s: %w", run, err)
	}
	return nil
}
