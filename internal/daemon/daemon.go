// Package daemon is the shell around a process: configuration from the environment, signals, logging, OpenTelemetry,
// the admin server with health and metrics, HTTP clients, and an orderly end.
//
// A service's main is one call of [Main]. A program that runs several services in one process uses [New] and
// [Daemon.Close] instead. What a service does, and which servers it talks to, does not belong here.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// closeTimeout bounds Close.
const closeTimeout = 5 * time.Second

// Options are the settings that every process has.
type Options struct {
	LogFormat string     `env:"LOG_FORMAT" envDefault:"json" about:"json or text"`
	LogLevel  slog.Level `env:"LOG_LEVEL" envDefault:"info" about:"debug, info, warn or error"`
	AdminAddr string     `env:"ADMIN_ADDR" about:"host:port of the admin server; empty or off is none"`
	// ShutdownTimeout bounds the end of a process after the first signal; it stays below the grace period of a pod.
	ShutdownTimeout time.Duration `env:"SHUTDOWN_TIMEOUT" envDefault:"25s" about:"time to end in good order"`
	LogOutput       io.Writer     `env:"-"` // nil is standard error
}

// Daemon is what a running process offers to its services.
type Daemon struct {
	Logger *slog.Logger

	name      string
	registry  *prometheus.Registry
	telemetry telemetry
	admin     *http.Server
	adminAddr net.Addr
	draining  atomic.Bool

	mu     sync.Mutex
	checks []*check
}

// New prepares a process of the given name: logger, telemetry (as the global providers of OpenTelemetry), and the
// admin server if it has an address. The caller closes it.
func New(ctx context.Context, name string, o Options) (*Daemon, error) {
	if o.LogOutput == nil {
		o.LogOutput = os.Stderr
	}
	logger, err := newLogger(name, o)
	if err != nil {
		return nil, err
	}
	d := &Daemon{Logger: logger, name: name, registry: newRegistry()}
	d.telemetry, err = startTelemetry(ctx, name, d.registry, logger)
	if err != nil {
		return nil, fmt.Errorf("start telemetry: %w", err)
	}
	if o.AdminAddr == "" || o.AdminAddr == "off" {
		return d, nil
	}
	if err := d.serveAdmin(ctx, o.AdminAddr); err != nil {
		return nil, errors.Join(err, d.Close(ctx))
	}
	return d, nil
}

// Name is the name of the process.
func (d *Daemon) Name() string { return d.name }

// AdminAddr is where the admin server listens, nil if there is none.
func (d *Daemon) AdminAddr() net.Addr { return d.adminAddr }

// Drain makes the process not ready, so that nobody sends it new work while it ends.
func (d *Daemon) Drain() { d.draining.Store(true) }

// Close flushes telemetry and stops the admin server, within five seconds. It goes on when ctx is already done.
func (d *Daemon) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	err := d.telemetry.close(ctx)
	if d.admin != nil {
		err = errors.Join(err, d.admin.Shutdown(ctx))
	}
	if err != nil {
		return fmt.Errorf("close %s: %w", d.name, err)
	}
	return nil
}
