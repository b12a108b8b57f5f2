package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus/internal/raw"
	"squirrly.dev/internal/userfile"
)

// Options say how to reach NATS.
type Options struct {
	URL       string // comma-separated list of servers
	CredsFile string // user credentials, optional
	User      string // with Password, optional; answers come to its own inbox, see InboxPrefix
	Password  string
	CAFile    string                     // certificates of the authorities that the servers must be known to; then TLS is required
	Name      string                     // of this client, shown by the server
	InProcess nats.InProcessConnProvider // an embedded server instead of URL
	Client    []nats.Option              // further options, such as those of a NATS context
	Impatient bool                       // a server that does not answer now is an error; else it is waited for
	Logger    *slog.Logger               // nil discards
}

// apiTimeout bounds one call of the JetStream API. A denied call looks like a timeout, so it must not be long.
const apiTimeout = 5 * time.Second

// maxFile bounds a file of credentials or authorities, in bytes.
const maxFile = 4 << 20

// Bus is a connection with everything a service needs. It is safe for concurrent use.
type Bus struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	log     *slog.Logger
	tel     telemetry
	denials *denials
	patient bool     // calls without an answer are repeated whatever the cause
	streams sync.Map // handles of streams, by name
}

// ErrClosed says that the connection is closed for good, which no waiting mends: by Close, or since the servers refuse who
// this client says that it is.
var ErrClosed = errors.New("the connection to NATS is closed")

// closed returns an [ErrClosed] with its cause once the connection is closed for good.
func (b *Bus) closed() error { return closed(b.nc) }

func closed(nc *nats.Conn) error {
	if !nc.IsClosed() {
		return nil
	}
	if cause := nc.LastError(); cause != nil {
		return fmt.Errorf("%w: %w", ErrClosed, cause)
	}
	return ErrClosed
}

// Connect opens a connection that never gives up reconnecting, and waits until it is up or ctx ends, or not at all when the
// options are impatient. Servers that refuse the credentials end it, at once or later: [ErrClosed].
func Connect(ctx context.Context, o Options) (*Bus, error) {
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	denials := &denials{}
	if err := errors.Join(userfile.Check(o.CredsFile, maxFile), userfile.Check(o.CAFile, maxFile)); err != nil { // the library reads them
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	up, down := make(chan struct{}, 1), make(chan struct{}, 1)
	opts := []nats.Option{
		nats.Name(o.Name), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(!o.Impatient), nats.ReconnectWait(time.Second),
		nats.CustomInboxPrefix(InboxPrefix(cmp.Or(o.User, o.Name))),
		nats.ConnectHandler(func(*nats.Conn) { up <- struct{}{} }),
		nats.ClosedHandler(func(*nats.Conn) { down <- struct{}{} }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.WarnContext(ctx, "NATS connection lost", "error", err)
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) { log.InfoContext(ctx, "NATS connection is back", "server", nc.ConnectedAddr()) }),
		nats.ReconnectErrHandler(unreached(ctx, log)),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			level := slog.LevelError
			if denied := denials.note(err); denied && o.Impatient {
				level = slog.LevelWarn // whoever calls is told it by the call
			}
			log.Log(ctx, level, "NATS error", "error", err)
		}),
	}
	if o.CAFile != "" {
		opts = append(opts, nats.RootCAs(o.CAFile))
	}
	if o.CredsFile != "" {
		opts = append(opts, nats.UserCredentials(o.CredsFile))
	}
	if o.User != "" {
		opts = append(opts, nats.UserInfo(o.User, o.Password))
	}
	if o.InProcess != nil {
		opts = append(opts, nats.InProcessServer(o.InProcess))
	}
	nc, err := nats.Connect(o.URL, append(opts, o.Client...)...)
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	select {
	case <-up:
	case <-down:
		return nil, fmt.Errorf("connect to NATS: %w", closed(nc))
	case <-ctx.Done():
		nc.Close()
		return nil, fmt.Errorf("connect to NATS: no server answered: %w", ctx.Err())
	}
	b, err := newBus(nc, log)
	if err == nil {
		b.denials, b.patient = denials, !o.Impatient
	}
	return b, err
}

// unreached says why no server is reached, once while the cause stays the same.
func unreached(ctx context.Context, log *slog.Logger) nats.ConnErrHandler {
	var last string // the client calls it from one goroutine
	return func(_ *nats.Conn, err error) {
		if text := err.Error(); text != last {
			last = text
			log.WarnContext(ctx, "NATS is not reached; trying again", "error", err)
		}
	}
}

func newBus(nc *nats.Conn, log *slog.Logger) (*Bus, error) {
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(apiTimeout))
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("open JetStream: %w", err)
	}
	tel, err := newTelemetry()
	if err != nil {
		nc.Close()
		return nil, err
	}
	return &Bus{nc: nc, js: js, log: log, tel: tel}, nil
}

func init() { //nolint:gochecknoinits // the helpers of tests are served without a word in the API.
	raw.JetStream = func(bus any) jetstream.JetStream { return bus.(*Bus).js }
}

// Log is where the bus writes to.
func (b *Bus) Log() *slog.Logger { return b.log }

// Close flushes what was published and closes the connection.
func (b *Bus) Close() {
	if err := b.nc.FlushTimeout(apiTimeout); err != nil && b.nc.IsConnected() {
		b.log.Warn("NATS flush", "error", err)
	}
	b.nc.Close()
}
