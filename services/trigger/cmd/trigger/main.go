// Command trigger takes requests for profiles and plans runs.
package main

import (
	"context"
	"maps"
	"net/http"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/backends"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/services/trigger"
)

// config is the environment of the process.
type config struct {
	NATS    backends.NATS
	S3      artifact.S3Config `envPrefix:"S3_"`
	Flink   access.Config
	Trigger trigger.Config
}

// Aliases implements daemon.Aliased.
func (c config) Aliases() map[string]string {
	all := maps.Clone(backends.NATSAliases)
	maps.Copy(all, c.Trigger.Aliases())
	return all
}

// Validate implements the check of daemon.Load.
func (c config) Validate() error { return c.Trigger.Validate() }

func main() { daemon.Main("trigger", run) }

func run(ctx context.Context, d *daemon.Daemon, cfg config) error {
	way, err := access.Open(cfg.Flink, access.Options{
		Logger: d.Logger, Transport: func(base http.RoundTripper) http.RoundTripper { return d.Transport("flink", base) },
	})
	if err != nil {
		return err
	}
	b, err := backends.Connect(ctx, d, cfg.NATS)
	if err != nil {
		return err
	}
	defer b.Close()
	d.AddCheck("inbox", b.InboxReady)
	store, err := results(b, cfg.S3)
	if err != nil {
		return err
	}
	s, err := trigger.New(cfg.Trigger, trigger.Deps{Bus: b, Flink: way, Store: store, Logger: d.Logger})
	if err != nil {
		return err
	}
	return s.Run(ctx)
}

// results opens the store that the HTTP API serves reports from. It is not asked whether it is there: requests are decided
// without it, and only who asks for a report is told.
func results(b *bus.Bus, cfg artifact.S3Config) (*artifact.Store, error) {
	if cfg.Endpoint == "" {
		return b.Artifacts(), nil
	}
	return artifact.OpenS3(cfg)
}
