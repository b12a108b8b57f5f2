package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/bus"
)

const latestKept = 20

// names are ids of runs, stored with spaces between.
type names []string

// MarshalText implements encoding.TextMarshaler.
func (n names) MarshalText() ([]byte, error) { return []byte(strings.Join(n, " ")), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *names) UnmarshalText(b []byte) error { *n = strings.Fields(string(b)); return nil }

// Latest returns the ids of the last analyzed runs of a target, newest first.
func (r *Runs) Latest(ctx context.Context, target string) ([]string, error) {
	e, err := r.latest.Get(ctx, latestPrefix+target)
	if err != nil && !errors.Is(err, bus.ErrNotFound) {
		return nil, fmt.Errorf("read latest runs: %w", err)
	}
	return e.Value, nil
}

var errThere = errors.New("the run is there")

// AddLatest puts an analyzed run in front of the last runs of its target. Doing it twice changes nothing.
func (r *Runs) AddLatest(ctx context.Context, target, run string) error {
	_, err := r.latest.Upsert(ctx, latestPrefix+target, func(n *names) error {
		if slices.Contains(*n, run) {
			return errThere
		}
		*n = append(names{run}, (*n)[:min(len(*n), latestKept-1)]...)
		return nil
	})
	if err != nil && !errors.Is(err, errThere) {
		return fmt.Errorf("note run %s as the latest: %w", run, err)
	}
	return nil
}
