// Package trigger decides which runs there are: it takes requests from the inbox and from HTTP, finds the Flink job that
// each means, and plans a run or rejects the request. It also runs the sweeper, which takes up what no delivery would.
//
// It does not talk to the profiler.
package trigger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/api"
	"squirrly.dev/services/trigger/internal/intake"
	"squirrly.dev/services/trigger/internal/kube"
	"squirrly.dev/services/trigger/internal/target"
)

// Deps are what the service works with.
type Deps struct {
	Bus    *bus.Bus
	Flink  *access.Access  // the way to Flink clusters
	Store  *artifact.Store // of the results that the HTTP API serves; nil: it serves none
	Logger *slog.Logger    // nil discards
}

// Service takes requests.
type Service struct {
	cfg    Config
	bus    *bus.Bus
	runs   *run.Runs
	intake *intake.Intake
	watch  *watching // nil without policies
	store  *artifact.Store
	log    *slog.Logger
}

// New checks the configuration.
func New(cfg Config, d Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if d.Bus == nil || d.Flink == nil {
		return nil, errors.New("the trigger needs a bus and a way to Flink")
	}
	resolver := &target.Resolver{
		Cluster: cfg.Cluster, Clusters: kube.NewClusters(cfg.Kubeconfig, cfg.Cluster), Namespaces: cfg.Namespaces,
		RestTemplate: cfg.RestTemplate, Flink: d.Flink, Patience: cfg.Patience,
	}
	atATime, err := intake.ParseRules(cfg.AtATime)
	if err != nil {
		return nil, fmt.Errorf("SQUIRRLY_PROFILES_AT_A_TIME: %w", err)
	}
	runs := run.New(d.Bus)
	watch, err := newWatching(cfg, d, resolver, runs)
	if err != nil {
		return nil, err
	}
	in := &intake.Intake{
		Runs: runs, Targets: runs.Targets, Permits: runs.Permits, OptOuts: runs.OptOuts, Bus: d.Bus, Logger: d.Logger,
		Target: target.NewQueue(resolver, cfg.Slots),
		Limits: intake.Limits{
			Duration: cfg.Duration, MaxDuration: cfg.MaxDuration, Deadline: cfg.Deadline, Cooldown: cfg.Cooldown, AtATime: atATime,
		},
	}
	if watch != nil {
		in.HasPolicy = watch.holds
	}
	return &Service{cfg: cfg, bus: d.Bus, runs: runs, log: d.Logger, watch: watch, store: d.Store, intake: in}, nil
}

// Run takes requests and sweeps until ctx ends, or until one of its parts cannot go on.
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.take(ctx) })
	g.Go(func() error { return run.Sweeper{Runs: s.runs, Every: s.cfg.Sweep}.Run(ctx) })
	if s.watch != nil {
		g.Go(func() error { return s.watch.run(ctx) })
	}
	if s.cfg.HTTPAddr != "" {
		a := &api.API{Inbox: s.bus, Records: s.runs, Permits: s.runs.Permits, Token: s.cfg.HTTPToken.Reveal(), Links: s.cfg.Links, Triggers: s.watch.triggers(), Logger: s.log}
		if s.store != nil {
			a.Store = s.store
		}
		g.Go(func() error { return a.Serve(ctx, s.cfg.HTTPAddr) })
	}
	return g.Wait() //nolint:wrapcheck // the parts say what they are.
}

// take takes requests and cancels. It shows that this process lives, as long as it may hold permits for runs to come.
func (s *Service) take(ctx context.Context) error {
	defer s.runs.Permits.Hold(ctx, events.DurableTrigger)()
	const cancels = 2 // at a time
	handle := bus.Messages(s.handle)
	g, ctx := errgroup.WithContext(ctx)
	for _, c := range []bus.Consumer{bus.Inbox(s.cfg.Slots), bus.Background(s.intake.Gate), bus.Cancels(cancels)} {
		g.Go(func() error { return s.bus.Consume(ctx, c, handle) })
	}
	return g.Wait() //nolint:wrapcheck // the consumers say what they are.
}

// handle handles one message of the inbox.
func (s *Service) handle(ctx context.Context, m bus.Delivery) error {
	if m.Subject == events.SubjectEvent {
		return s.watch.event(ctx, m)
	}
	return s.intake.Handle(ctx, m)
}
