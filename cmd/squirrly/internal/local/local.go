// Package local runs the whole of Squirrly in one process: an embedded NATS server and all services, for `squirrly up`
// and for a profile without a server. It is wiring only; the services are the same as in a cluster, and so are the
// events.
package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"golang.org/x/sync/errgroup"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/backends"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/natsembed"
	"squirrly.dev/services/analyzer"
)

// Options say what runs, and where its data is.
type Options struct {
	OneShot   bool   // nothing listens and nothing is left behind; Dir, Port and the addresses are ignored
	Dir       string // data directory
	Port      int    // of NATS on 127.0.0.1
	HTTPAddr  string // of the HTTP API; empty is none
	AdminAddr string // of health and metrics; empty is none
	LLM       analyzer.LLMConfig
	Version   string
	Logger    *slog.Logger
	// Flink says how Flink is reached; what it does not match, the file FlinkAccess says, or that of the environment.
	Flink       []access.Entry
	FlinkAccess string
	Log         io.Writer // where the log channel writes results; nil switches it off
}

// oneShotAckWait is short: in one process nobody else can take a step over, but a retry should not take long.
const oneShotAckWait = 6 * time.Second

// Stack is everything that runs.
type Stack struct {
	Bus   *bus.Bus
	Store *artifact.Store

	nats   *server.Server
	daemon *daemon.Daemon
	group  *errgroup.Group
	cancel context.CancelFunc
	unlock func()
	once   sync.Once
	temp   string
}

// Start brings everything up and returns when requests can be taken.
func Start(ctx context.Context, o Options) (*Stack, error) {
	s := &Stack{unlock: func() {}}
	ctx, s.cancel = context.WithCancel(ctx)
	if err := s.start(ctx, o); err != nil {
		s.Stop() //nolint:contextcheck // the end comes after the context's.
		return nil, err
	}
	return s, nil
}

func (s *Stack) start(ctx context.Context, o Options) error {
	if err := s.broker(o); err != nil {
		return err
	}
	var err error
	if s.daemon, err = daemon.New(ctx, "up", daemon.Options{AdminAddr: o.AdminAddr, LogFormat: "text", LogOutput: io.Discard}); err != nil {
		return err
	}
	s.Bus, err = bus.Connect(ctx, bus.Options{URL: s.nats.ClientURL(), InProcess: s.nats, Name: "squirrly-up", Logger: o.Logger})
	if err != nil {
		return err
	}
	topology := bus.Topology{Channels: channels(o), Memory: o.OneShot}
	if o.OneShot {
		topology.AckWait = oneShotAckWait
	}
	if err := s.Bus.Provision(ctx, topology); err != nil {
		return err
	}
	if s.Store, err = s.store(ctx, o); err != nil {
		return err
	}
	s.daemon.AddCheck("nats", s.Bus.Ready)
	s.daemon.AddCheck("inbox", s.Bus.InboxReady)
	s.daemon.AddCheck("artifacts", s.Store.Ready)
	return s.services(ctx, o)
}

// broker starts NATS. The data directory is locked, so that two processes never share one.
func (s *Stack) broker(o Options) error {
	dir, port := o.Dir, o.Port
	if o.OneShot {
		var err error
		if dir, err = os.MkdirTemp("", "squirrly-"); err != nil {
			return fmt.Errorf("make a temporary directory: %w", err)
		}
		s.temp, port = dir, 0
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	var err error
	if s.unlock, err = lock(filepath.Join(dir, "lock")); err != nil {
		return fmt.Errorf("data directory %s: %w", dir, err)
	}
	s.nats, err = natsembed.Start(natsembed.Options{Dir: dir, Port: port, Name: "squirrly"})
	return err
}

// store is the S3 server of the environment for `up`, else the embedded object store.
func (s *Stack) store(ctx context.Context, o Options) (*artifact.Store, error) {
	var cfg struct {
		S3 artifact.S3Config `envPrefix:"S3_"`
	}
	if !o.OneShot {
		loaded, err := daemon.Load[struct {
			S3 artifact.S3Config `envPrefix:"S3_"`
		}](os.Environ())
		if err != nil {
			return nil, err
		}
		cfg = loaded
	}
	return backends.Store(ctx, s.Bus, cfg.S3)
}

// Wait returns when a service failed or the context of Start ended.
func (s *Stack) Wait() error {
	err := s.group.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err //nolint:wrapcheck // the services say who they are.
}

const stopTime = 20 * time.Second

// Stop ends the services, then the broker, and removes what is temporary. It may be called twice.
func (s *Stack) Stop() {
	s.once.Do(func() {
		s.cancel()
		if s.group != nil {
			done := make(chan struct{})
			go func() { _ = s.group.Wait(); close(done) }()
			select {
			case <-done:
			case <-time.After(stopTime):
			}
		}
		if s.Bus != nil {
			s.Bus.Close()
		}
		if s.nats != nil {
			s.nats.Shutdown()
			s.nats.WaitForShutdown()
		}
		if s.daemon != nil {
			_ = s.daemon.Close(context.Background())
		}
		s.unlock()
		if s.temp != "" {
			_ = os.RemoveAll(s.temp)
		}
	})
}
