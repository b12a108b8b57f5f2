// Package notifier tells people and systems how runs ended: as text in a log, by a signed webhook, and on a NATS subject
// of the user's. Each channel has a consumer of its own, so that a dead one holds up no other.
//
// It changes nothing about an analysis.
package notifier

import (
	"context"
	"io"
	"log/slog"
	"os"
	"slices"

	"golang.org/x/sync/errgroup"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/netguard"
	"squirrly.dev/services/notifier/internal/channel"
	"squirrly.dev/services/notifier/internal/delivery"
)

// Deps are what the service works with.
type Deps struct {
	Bus    *bus.Bus
	Log    io.Writer    // of the log channel; nil is standard output
	Logger *slog.Logger // nil discards
}

// Service tells how runs ended.
type Service struct {
	cfg      Config
	bus      *bus.Bus
	channels []channel.Channel
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
	s := &Service{cfg: cfg.withDefaults(), bus: d.Bus, log: d.Logger}
	var err error
	if s.channels, err = cfg.channels(channel.Deps{Log: d.Log, Guard: netguard.Outbound(cfg.OutboundPrivate), NATS: d.Bus}); err != nil {
		return nil, err
	}
	return s, nil
}

// Run tells what happens until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, ch := range s.channels {
		policy := delivery.Policy{
			Attempts: s.cfg.Attempts, Backoff: s.cfg.Backoff, MaxAge: s.cfg.MaxAge,
			Readings: slices.Contains(s.cfg.Readings, ch.Name()),
		}
		s.log.InfoContext(ctx, "channel is on", "channel", ch.Name())
		d := delivery.New(ch, s.bus, s.bus, policy, s.log)
		g.Go(func() error { return s.bus.Consume(ctx, bus.Channel(ch.Name(), s.cfg.Slots), bus.Facts(d.Handle)) })
	}
	g.Go(func() error { // without any channel there still is nothing to fail
		<-ctx.Done()
		return nil
	})
	return g.Wait() //nolint:wrapcheck // the consumers say which they are.
}
