package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Activate claims a target for a run. It returns the run that holds the claim: the given one, or an older one that is
// still under way.
func (r *Runs) Activate(ctx context.Context, target, run string) (string, error) {
	kv, err := r.bucket(ctx)
	if err != nil {
		return "", err
	}
	for {
		_, err := kv.Create(ctx, activePrefix+target, []byte(run))
		if err == nil {
			return run, nil
		}
		if !errors.Is(err, jetstream.ErrKeyExists) {
			return "", fmt.Errorf("claim target of run %s: %w", run, err)
		}
		if holder, err := r.takeOver(ctx, kv, target, run); err != nil || holder != "" {
			return holder, err
		}
	}
}

// takeOver returns who holds the claim of a target: the run that is under way, or the given one, which takes the place
// of a run that is over. Neither, when the claim changed meanwhile.
func (r *Runs) takeOver(ctx context.Context, kv jetstream.KeyValue, target, run string) (string, error) {
	entry, err := kv.Get(ctx, activePrefix+target)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return "", nil
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
	_, err = kv.Update(ctx, activePrefix+target, []byte(run), entry.Revision())
	switch {
	case err == nil:
		return run, nil
	case isConflict(err):
		return "", nil
	}
	return "", fmt.Errorf("take over claim of target: %w", err)
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
		err := prepend(ctx, kv, latestPrefix+target, run)
		if err == nil {
			return nil
		}
		if !isConflict(err) && !errors.Is(err, jetstream.ErrKeyExists) {
			return fmt.Errorf("note run %s as the latest: %w", run, err)
		}
	}
}

// prepend is one attempt to put a run in front of a list.
func prepend(ctx context.Context, kv jetstream.KeyValue, key, run string) error {
	entry, err := kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		_, err = kv.Create(ctx, key, []byte(run))
		return err //nolint:wrapcheck // the caller says what for.
	}
	if err != nil {
		return err //nolint:wrapcheck // the caller says what for.
	}
	runs := strings.Fields(string(entry.Value()))
	if slices.Contains(runs, run) {
		return nil
	}
	runs = append([]string{run}, runs[:min(len(runs), latestKept-1)]...)
	_, err = kv.Update(ctx, key, []byte(strings.Join(runs, " ")), entry.Revision())
	return err //nolint:wrapcheck // the caller says what for.
}
