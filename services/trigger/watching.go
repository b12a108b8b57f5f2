package trigger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/api"
	"squirrly.dev/services/trigger/internal/fleet"
	"squirrly.dev/services/trigger/internal/policy"
	"squirrly.dev/services/trigger/internal/source"
	"squirrly.dev/services/trigger/internal/source/alert"
	"squirrly.dev/services/trigger/internal/source/event"
	"squirrly.dev/services/trigger/internal/source/rollout"
	"squirrly.dev/services/trigger/internal/source/schedule"
	"squirrly.dev/services/trigger/internal/status"
	"squirrly.dev/services/trigger/internal/target"
	"squirrly.dev/services/trigger/internal/watch"
)

// watching is what policies need.
type watching struct {
	file    *policy.File
	watcher watch.Watcher
	runs    *run.Runs
	alerts  *source.Reactor
	events  *source.Reactor
	log     *slog.Logger
}

const (
	followEvery = 5 * time.Second  // looks at the file
	statusEvery = 15 * time.Second // writes of what policies do, at most
	turnEvery   = 5 * time.Second  // turns of a source, at least
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
	labels := rollout.Labels{Book: bus.OpenBucket[rollout.State](d.Bus, events.BucketPolicy)}
	gate := &source.Gate{
		Inbox: d.Bus, Records: runs, Usual: cfg.Duration, Releases: labels,
		Ledgers: bus.OpenBucket[source.Ledger](d.Bus, events.BucketPolicy),
	}
	f := fleet.New(file.Policies, fleet.Kubernetes{Clusters: resolver.Clusters, Namespaces: cfg.Namespaces}, d.Logger)
	reactor := func(reason string, rules func(policy.Reasons) []policy.Rule) *source.Reactor {
		return &source.Reactor{Gate: gate, Members: f.Known, Reason: reason, Rules: rules, Logger: d.Logger}
	}
	return &watching{
		file: file, runs: runs, log: d.Logger,
		alerts: reactor(policy.ReasonAlert, func(r policy.Reasons) []policy.Rule { return r.Alerts }),
		events: reactor(policy.ReasonEvent, func(r policy.Reasons) []policy.Rule { return r.Events }),
		watcher: watch.Watcher{
			Fleet: f, Changed: file.Changes, Refresh: cfg.Look, Most: turnEvery,
			Sources: []watch.Source{
				schedule.New(gate, bus.OpenBucket[schedule.Done](d.Bus, events.BucketPolicy), d.Logger),
				&rollout.Source{
					Gate: gate, Book: labels.Book, Claims: bus.OpenBucket[rollout.Claim](d.Bus, events.BucketPolicy),
					Looker: looker{resolver}, Every: cfg.Look, Logger: d.Logger,
				},
				newStatus(cfg, d, f, file),
			},
		},
	}, nil
}

// newStatus makes what tells people what policies do.
func newStatus(cfg Config, d Deps, f *fleet.Fleet, file *policy.File) *status.Writer {
	return &status.Writer{
		Fleet: f, Policies: file.Policies, Problem: file.Problem, Usual: cfg.Duration, Every: min(statusEvery, cfg.Look), Logger: d.Logger,
		Claims:  bus.OpenBucket[rollout.Claim](d.Bus, events.BucketPolicy),
		Views:   bus.OpenBucket[status.View](d.Bus, events.BucketPolicy),
		Slots:   bus.OpenBucket[schedule.Done](d.Bus, events.BucketPolicy),
		Ledgers: bus.OpenBucket[source.Ledger](d.Bus, events.BucketPolicy),
		States:  bus.OpenBucket[rollout.State](d.Bus, events.BucketPolicy),
	}
}

func (w *watching) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { w.file.Follow(ctx, min(followEvery, w.watcher.Refresh)); return nil })
	g.Go(func() error { w.watcher.Run(ctx); return nil })
	return g.Wait() //nolint:wrapcheck // the parts say what they are.
}

// holds reports whether the source of a request is no policy, or one of the file.
func (w *watching) holds(source string) bool {
	name, of := strings.CutPrefix(source, policy.SourcePrefix)
	return !of || slices.ContainsFunc(w.file.Policies(), func(p policy.Policy) bool { return p.Name == name })
}

// triggers are what the HTTP API offers to policies; none without them.
func (w *watching) triggers() map[string]api.Trigger {
	if w == nil {
		return nil
	}
	return map[string]api.Trigger{
		"alertmanager": {Limit: alert.MaxBytes, Take: func(ctx context.Context, _ events.Header, body []byte) (any, error) {
			offers, own, err := alert.Read(ctx, w.runs, body)
			if err != nil {
				return nil, err
			}
			return w.alerts.Take(ctx, time.Now(), offers, source.Taken{OwnDoing: own})
		}},
		"cloudevents": {Limit: event.MaxBytes, Take: func(ctx context.Context, h events.Header, body []byte) (any, error) {
			return w.take(ctx, h, body)
		}},
	}
}

// take hands an event to the policies.
func (w *watching) take(ctx context.Context, h events.Header, body []byte) (source.Taken, error) {
	offer, own, err := event.Read(ctx, w.runs, h, body)
	if own || err != nil {
		return source.Taken{OwnDoing: 1}, err
	}
	return w.events.Take(ctx, time.Now(), []source.Offer{offer}, source.Taken{})
}

// event takes an event that came by NATS. Without policies nobody waits for it.
func (w *watching) event(ctx context.Context, m bus.Delivery) error {
	if w == nil {
		return nil
	}
	taken, err := w.take(ctx, m.Header, m.Body)
	if errors.Is(err, source.ErrInvalid) {
		return bus.Permanent(events.CodeUndecodable, err)
	}
	w.log.DebugContext(ctx, "an event was taken", "matched", taken.Matched, "requests", taken.Requests)
	return err
}
