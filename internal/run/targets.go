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
	if errors.Is(err, bus.ErrExists) {
		return t.takeOver(ctx, target, run)
	}
	if err != nil {
		return "", fmt.Errorf("reserve the target of run %s: %w", run, err)
	}
	return run, nil
}

// takeOver reserves a target that is reserved, unless the run that holds it is under way.
func (t Targets) takeOver(ctx context.Context, target, run string) (string, error) {
	held, err := t.holders.Change(ctx, activePrefix+target, func(e *bus.Entry[holder]) error {
		switch {
		case e.Value == holder(run):
			return errHeld
		case e.Value != "":
			live, err := t.live(ctx, string(e.Value), e.Stored)
			if err != nil {
				return err
			}
			if live {
				return errHeld
			}
		}
		e.Value = holder(run)
		return nil
	})
	if err != nil && !errors.Is(err, errHeld) {
		return "", fmt.Errorf("reserve the target of run %s: %w", run, err)
	}
	return string(held), nil
}

// Holder returns the run that holds a target and is under way; empty is none. By the time it is read, that may be over.
func (t Targets) Holder(ctx context.Context, target string) (string, error) {
	e, err := t.holders.Get(ctx, activePrefix+target)
	if errors.Is(err, bus.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look up who holds a target: %w", err)
	}
	live, err := t.live(ctx, string(e.Value), e.Stored)
	if err != nil || !live {
		return "", err
	}
	return string(e.Value), nil
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
