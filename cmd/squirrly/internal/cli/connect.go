package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/jsm.go/natscontext"
	"github.com/nats-io/nats.go"

	"squirrly.dev/internal/backends"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/daemon"
)

const (
	localServer = "nats://127.0.0.1:4222"
	dialTime    = 10 * time.Second
)

// server says which NATS server the user named; empty when none.
func (a *app) server() string {
	if a.flags.nats != "" {
		return a.flags.nats
	}
	return env("SQUIRRLY_NATS_URL", "NATS_URL")
}

// remote reports whether the user named a server in any way.
func (a *app) remote() bool { return a.server() != "" || a.flags.natsContext != "" }

// connect opens a connection to the named server, else to that of a `squirrly up` on this machine.
func (a *app) connect(ctx context.Context) (*bus.Bus, error) {
	cfg, err := daemon.Load[backends.NATS](os.Environ())
	if err != nil {
		return nil, usage("%w", err)
	}
	o := cfg.Options("squirrly-cli", a.logger())
	o.URL, o.CredsFile, o.Impatient = a.server(), cmp.Or(a.flags.creds, o.CredsFile), true
	if a.flags.natsContext != "" {
		o.User, o.Password, o.CAFile = "", "", "" // the context has its own
		if err := applyContext(&o, a.flags.natsContext); err != nil {
			return nil, err
		}
	}
	o.URL = cmp.Or(o.URL, localServer)
	dial, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	b, err := bus.Connect(dial, o)
	if err != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("%w\n  Is a server running? `squirrly up` starts one on this machine; --nats names another", err)
	}
	a.bus = b
	return b, err
}

// denied is the error of a command that failed since its user may not do something on NATS, where the call itself seems to
// get no answer; else it is err.
func (a *app) denied(err error) error {
	if err == nil || a.bus == nil || a.bus.Denied() == nil || !bus.IsUnanswered(err) && !errors.Is(err, bus.ErrDenied) {
		return err
	}
	return fmt.Errorf("%w\n  The user of this program is operator, of those that `squirrly nats-users` makes: SQUIRRLY_NATS_USER,"+
		" SQUIRRLY_NATS_PASSWORD_FILE", a.bus.Denied())
}

// applyContext takes address and credentials from a context of the nats CLI.
func applyContext(o *bus.Options, name string) error {
	c, err := natscontext.New(name, true)
	if err != nil {
		return usage("NATS context %q: %w (see `nats context ls`)", name, err)
	}
	if o.Client, err = c.NATSOptions(nats.Name(o.Name)); err != nil {
		return usage("NATS context %q: %w", name, err)
	}
	if o.URL == "" {
		o.URL = c.ServerURL()
	}
	return nil
}
