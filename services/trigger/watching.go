package trigger

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/fleet"
	"squirrly.dev/services/trigger/internal/policy"
	"squirrly.dev/services/trigger/internal/source"
	"squirrly.dev/services/trigger/internal/source/schedule"
	"squirrly.dev/services/trigger/internal/target"
	"squirrly.dev/services/trigger/internal/watch"
)

// watching is what policies need.
type watching struct {
	file    *policy.File
	watcher watch.Watcher
}

const (
	followEvery  = 5 * time.Second  // looks at the file
	refreshEvery = time.Minute      // looks at which deployments there are
	turnEvery    = 10 * time.Second // turns of the sources, at least
)

// newWatching reads the file of policies; nil without one.
func newWatching(cfg Config, d Deps, resolver *target.Resolver, runs *run.Runs) (*watching, error) {
	if cfg.Policy == "" {
		return nil, nil //nolint:nilnil // nothing to watch is no error.
	}
	file, err := policy.Open(cfg.Policy, cfg.Duration, d.Logger)
	if err != nil {
		return nil, fmt.Errorf("SQUIRRLY_POLICY: %w", err)
	}
	gate := &source.Gate{
		Inbox: d.Bus, Records: runs, Usual: cfg.Duration,
		Ledgers: bus.OpenBucket[source.Ledger](d.Bus, events.BucketPolicy),
	}
	lister := fleet.Kubernetes{Clusters: resolver.Clusters, Namespaces: cfg.Namespaces}
	return &watching{file: file, watcher: watch.Watcher{
		Fleet: fleet.New(file.Policies, lister, d.Logger), Changed: file.Changes,
		Refresh: refreshEvery, Most: turnEvery, Logger: d.Logger,
		Sources: []watch.Source{
			schedule.New(gate, bus.OpenBucket[schedule.Done](d.Bus, events.BucketPolicy), d.Logger),
		},
	}}, nil
}

func (w *watching) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { w.file.Follow(ctx, followEvery); return nil })
	g.Go(func() error { return w.watcher.Run(ctx) })
	return g.Wait() //nolint:wrapcheck // the parts say what they are.
}
