// Command analyzer turns captures into verdicts.
package main

import (
	"context"
	"maps"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/backends"
	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/memory"
	"squirrly.dev/services/analyzer"
)

// config is the environment of the process.
type config struct {
	NATS     backends.NATS
	S3       artifact.S3Config `envPrefix:"S3_"`
	Analyzer analyzer.Config
}

// Aliases implements daemon.Aliased.
func (c config) Aliases() map[string]string {
	all := maps.Clone(backends.NATSAliases)
	maps.Copy(all, c.Analyzer.Aliases())
	return all
}

func main() { daemon.Main("analyzer", run) }

func run(ctx context.Context, d *daemon.Daemon, cfg config) error {
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
	cfg.Analyzer.Version = daemon.Version()
	s, err := analyzer.New(cfg.Analyzer, analyzer.Deps{
		Bus: b, Store: store, HTTP: d.HTTPClient("llm"), Memory: memory.OfProcess(), Logger: d.Logger,
	})
	if err != nil {
		return err
	}
	return s.Run(ctx)
}
