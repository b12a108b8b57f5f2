package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"squirrly.dev/pkg/events"
)

// AmbiguousError says that more than one run has an id that begins as given.
type AmbiguousError struct {
	Prefix string
	Runs   []string // that fit, sorted
}

// Error implements error.
func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%d runs begin with %q", len(e.Runs), e.Prefix)
}

// Find returns the id of the one run that is meant by what its id begins with; a whole id is the run itself, whatever others
// begin with. Requests that wait for a permit count, too. The error is [ErrNoRecord] when there is none, and an
// [AmbiguousError] when there are several.
func (r *Runs) Find(ctx context.Context, prefix string) (string, error) {
	given := strings.ToLower(strings.TrimSpace(prefix))
	if given == "" || events.Token(given) != given {
		return "", fmt.Errorf("run %q: %w", prefix, ErrNoRecord)
	}
	_, err := r.Get(ctx, given)
	if err == nil || !errors.Is(err, ErrNoRecord) {
		return given, err
	}
	var names, waiting []string
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { names, err = r.names(ctx); return err })
	g.Go(func() (err error) { waiting, err = r.Permits.names(ctx); return err })
	if err := g.Wait(); err != nil {
		return "", err //nolint:wrapcheck // of records and permits, which say what they are.
	}
	names = slices.DeleteFunc(append(names, waiting...), func(id string) bool { return !strings.HasPrefix(id, given) })
	slices.Sort(names)
	names = slices.Compact(names)
	switch {
	case len(names) == 0:
		return "", fmt.Errorf("run %s: %w", prefix, ErrNoRecord)
	case len(names) > 1 && names[0] != given:
		return "", &AmbiguousError{Prefix: prefix, Runs: names}
	}
	return names[0], nil
}

// names returns the ids of the runs whose requests wait for a permit.
func (p *Permits) names(ctx context.Context) ([]string, error) {
	keys, err := p.waiting.Keys(ctx, waitingPrefix+"*")
	for i, key := range keys {
		keys[i] = strings.TrimPrefix(key, waitingPrefix)
	}
	return keys, err
}
