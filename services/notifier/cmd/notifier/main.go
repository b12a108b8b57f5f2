// Command notifier tells people and systems how runs ended.
package main

import (
	"context"

	"squirrly.dev/internal/backends"
	"squirrly.dev/internal/daemon"
	"squirrly.dev/services/notifier"
)

// config is the environment of the process.
type config struct {
	NATS     backends.NATS
	Notifier notifier.Config
}

// Aliases implements daemon.Aliased.
func (config) Aliases() map[string]string { return backends.NATSAliases }

// Validate implements the check of daemon.Load.
func (c config) Validate() error { return c.Notifier.Validate() }

func main() { daemon.Main("notifier", run) }

func run(ctx context.Context, d *daemon.Daemon, cfg config) error {
	b, err := backends.Connect(ctx, d, cfg.NATS)
	if err != nil {
		return err
	}
	defer b.Close()
	s, err := notifier.New(cfg.Notifier, notifier.Deps{Bus: b, Logger: d.Logger})
	if err != nil {
		return err
	}
	return s.Run(ctx)
}
