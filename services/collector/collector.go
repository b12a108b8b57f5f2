// Package collector carries a planned run out: it profiles every TaskManager that runs the job through Flink's own
// profiler, verifies and stores the pages, gathers what is around them, and publishes artifact.ready.
//
// It reaches Flink and the artifact store. It does not interpret what it collects.
package collector

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/memory"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/collector/internal/capture"
)

// Config of the service. The zero value works.
type Config struct {
	Slots   int           `env:"SLOTS" envDefault:"4" about:"runs profiled at a time"`
	JobWait time.Duration `env:"JOB_WAIT" envDefault:"1m" about:"how long a job is waited for that does not run; 0 is one minute"`
	Version string        `env:"-"` // of this program, for the manifest
}

// Deps are what the service works with.
type Deps struct {
	Bus    *bus.Bus
	Store  Store
	Flink  *access.Access // the way to Flink clusters
	Memory *memory.Budget // of the process; nil has no end
	Logger *slog.Logger
}

// Store keeps pages and context; *artifact.Store is one.
type Store interface {
	Put(ctx context.Context, key string, body []byte) (events.ObjectRef, error)
	PutFrom(ctx context.Context, ref events.ObjectRef, body io.ReaderAt) error
	Await(ctx context.Context, ref events.ObjectRef, limit int64) ([]byte, error)
	Check(ctx context.Context, ref events.ObjectRef) error
}

// Service profiles runs. It is safe for concurrent use.
type Service struct {
	cfg    Config
	deps   Deps
	room   *capture.Room
	timing capture.Timing
}

// New checks what the service is given.
func New(cfg Config, d Deps) (*Service, error) {
	if d.Bus == nil || d.Store == nil || d.Flink == nil {
		return nil, errors.New("the collector needs a bus, an artifact store and a way to Flink")
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.JobWait < 0 {
		return nil, errors.New("SQUIRRLY_JOB_WAIT must not be negative")
	}
	cfg.JobWait = cmp.Or(cfg.JobWait, time.Minute)
	return &Service{cfg: cfg, deps: d, room: capture.NewRoom(d.Memory), timing: capture.DefaultTiming()}, nil
}

// Run handles profile.planned until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	step := run.Step{Service: events.DurableCollector, Working: events.StateProfiling, Done: events.StateCaptured, After: s.after}
	return run.New(s.deps.Bus).Work(ctx, step, s.cfg.Slots, func(ctx context.Context, c *run.Claim) (events.Payload, error) {
		return s.collect(ctx, c)
	})
}
