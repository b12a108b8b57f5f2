// Package backends opens the two servers that services share: NATS, and the artifact store. It exists so that every
// main reads the same variables and says the same when one is wrong. What a service does with them does not belong
// here.
package backends

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/daemon"
	"squirrly.dev/pkg/events"
)

// NATS says how to reach the broker.
type NATS struct {
	URL      string        `env:"NATS_URL" envDefault:"nats://127.0.0.1:4222" about:"or several, with commas between"`
	Creds    string        `env:"NATS_CREDS_FILE" about:"path of a credentials file"`
	User     string        `env:"NATS_USER" about:"name of the user"`
	Password daemon.Secret `env:"NATS_PASSWORD" about:"password of the user"`
	CA       string        `env:"NATS_CA_FILE" about:"path of the certificates that the servers must be known to; requires TLS"`
}

// Options are those of a connection with the given name.
func (c NATS) Options(name string, log *slog.Logger) bus.Options {
	return bus.Options{
		URL: c.URL, CredsFile: c.Creds, User: c.User, Password: c.Password.Reveal(), CAFile: c.CA, Name: name, Logger: log,
	}
}

// NATSAliases are the well-known names of the variables of [NATS].
var NATSAliases = map[string]string{"SQUIRRLY_NATS_URL": "NATS_URL"}

// Connect opens the connection of a service and adds its readiness check.
func Connect(ctx context.Context, d *daemon.Daemon, cfg NATS) (*bus.Bus, error) {
	d.Logger.InfoContext(ctx, "connecting to NATS")
	b, err := bus.Connect(ctx, cfg.Options("squirrly-"+d.Name(), d.Logger))
	if err != nil {
		return nil, fmt.Errorf("connect to NATS (SQUIRRLY_NATS_URL): %w", err)
	}
	d.AddCheck("nats", b.Ready)
	return b, nil
}

// Store opens the artifact store: the S3 server when one is configured, else the bucket on the NATS server, which must
// be there. It waits while nobody answers for the bucket, as while a cluster elects a leader.
func Store(ctx context.Context, b *bus.Bus, cfg artifact.S3Config) (*artifact.Store, error) {
	if cfg.Endpoint != "" {
		return artifact.OpenS3(cfg)
	}
	store := b.Artifacts()
	const between = time.Second
	for logged := false; ; {
		err := store.Ready(ctx)
		if err == nil {
			return store, nil
		}
		if !bus.IsUnanswered(err) || ctx.Err() != nil {
			return nil, fmt.Errorf("open bucket %s: %w", events.BucketArtifacts, err)
		}
		if !logged {
			b.Log().WarnContext(ctx, "waiting for the artifact store", "error", err)
			logged = true
		}
		select {
		case <-time.After(between):
		case <-ctx.Done():
		}
	}
}
