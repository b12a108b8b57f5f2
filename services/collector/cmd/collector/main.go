// Command collector profiles Flink jobs and stores the captures.
package main

import (
	"context"
	"net/http"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/backends"
	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/netguard"
	"squirrly.dev/services/collector"
)

// config is the environment of the process.
type config struct {
	NATS      backends.NATS
	S3        artifact.S3Config `envPrefix:"S3_"`
	Allow     []string          `env:"FLINK_ALLOW"` // hosts and networks that runs by URL may reach; "*" is all
	Collector collector.Config
}

// Aliases implements daemon.Aliased.
func (config) Aliases() map[string]string { return backends.NATSAliases }

func main() { daemon.Main("collector", run) }

func run(ctx context.Context, d *daemon.Daemon, cfg config) error {
	guard, err := netguard.Flink(cfg.Allow, false)
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
	client := func(hosts ...string) *http.Client {
		g := guard.Plus(hosts...)
		return &http.Client{Transport: d.Transport("flink", g.Transport()), CheckRedirect: g.CheckRedirect}
	}
	cfg.Collector.Version = daemon.Version()
	s, err := collector.New(cfg.Collector, collector.Deps{
		Bus: b, Store: store, HTTP: client(), ForHosts: client, Logger: d.Logger,
	})
	if err != nil {
		return err
	}
	return s.Run(ctx)
}
