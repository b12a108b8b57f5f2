// Command collector profiles Flink jobs and stores the captures.
package main

import (
	"context"
	"net/http"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/backends"
	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/memory"
	"squirrly.dev/services/collector"
)

// config is the environment of the process.
type config struct {
	NATS      backends.NATS
	S3        artifact.S3Config `envPrefix:"S3_"`
	Flink     access.Config
	Collector collector.Config
}

// Aliases implements daemon.Aliased.
func (config) Aliases() map[string]string { return backends.NATSAliases }

func main() { daemon.Main("collector", run) }

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
	store, err := backends.Store(ctx, b, cfg.S3)
	if err != nil {
		return err
	}
	d.AddCheck("artifacts", store.Ready)
	cfg.Collector.Version = daemon.Version()
	s, err := collector.New(cfg.Collector, collector.Deps{
		Bus: b, Store: store, Flink: way, Memory: memory.OfProcess(), Logger: d.Logger,
	})
	if err != nil {
		return err
	}
	return s.Run(ctx)
}
