// Package notifier follows findings over the runs of their jobs, and tells people and systems what changed: as text in a
// log, by a signed webhook, and on a NATS subject of the user's. Each channel has a consumer of its own, so that a dead one
// holds up no other.
//
// It changes nothing about an analysis.
package notifier

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"squirrly.dev/internal/bus"
	"squirrly.dev/services/notifier/internal/delivery"
	"squirrly.dev/services/notifier/internal/lives"
	"squirrly.dev/services/notifier/internal/route"
)

// Deps are what the service works with.
type Deps struct {
	Bus    *bus.Bus
	Log    io.Writer     // of the log channel; nil is standard output
	Logger *slog.Logger  // nil discards
	Lease  time.Duration // until another notifier tells what one began to tell; 0 is longer than an attempt may take
}

// Service tells how runs ended.
type Service struct {
	cfg      Config
	bus      *bus.Bus
	channels []opened
	routes   *route.File
	lease    time.Duration
	log      *slog.Logger
}

// New checks the configuration and makes the channels.
func New(cfg Config, d Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if d.Log == nil {
		d.Log = os.Stdout
	}
	s := &Service{cfg: cfg.withDefaults(), bus: d.Bus, lease: d.Lease, log: d.Logger}
	var err error
	if s.channels, s.routes, err = cfg.open(d.Log, d.Bus, d.Logger); err != nil {
		return nil, err
	}
	return s, nil
}

const (
	followEvery = 5 * time.Second // looks at the file of routes
	groupsEvery = time.Second     // looks for groups that are due
)

// Run tells what happens until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	outer := ctx
	g, ctx := errgroup.WithContext(ctx)
	known := lives.New(s.bus, s.log)
	g.Go(func() error { return s.bus.Consume(ctx, bus.Findings(s.cfg.Slots), bus.Facts(known.Handle)) })
	g.Go(func() error { s.routes.Follow(ctx, followEvery); return nil })
	byType := map[string][]*delivery.Delivery{}
	for _, ch := range s.channels {
		policy := delivery.Policy{
			Attempts: s.cfg.Attempts, Backoff: s.cfg.Backoff, MaxAge: s.cfg.MaxAge,
			Readings: slices.Contains(s.cfg.Readings, ch.Name()), Lease: s.lease,
		}
		s.log.InfoContext(ctx, "channel is on", "channel", ch.Name())
		d := delivery.New(ch.Channel, s.bus, s.bus, known, s.routes, policy, s.log)
		g.Go(func() error { d.Follow(ctx, groupsEvery); return nil })
		byType[ch.typ] = append(byType[ch.typ], d)
	}
	for typ, all := range byType {
		g.Go(func() error { return s.bus.Consume(ctx, bus.Channel(typ, s.cfg.Slots), bus.Facts(delivery.Each(all))) })
	}
	if err := g.Wait(); err != nil && (outer.Err() == nil || errors.Is(err, bus.ErrClosed)) {
		return err //nolint:wrapcheck // the consumers say which they are.
	}
	return nil
}
