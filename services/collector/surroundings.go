package collector

import (
	"context"
	"sync"
	"time"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/collector/internal/capture"
	"squirrly.dev/services/collector/internal/observe"
)

// surroundings gathers what is around the captures while they are taken.
type surroundings struct {
	sampler     *observe.Sampler
	description *observe.Description

	mu      sync.Mutex
	threads []jobcontext.Thread
	missing []string
}

func newSurroundings(ctx context.Context, r *run, g observe.Graph, jvms []string) *surroundings {
	ctx, cancel := context.WithTimeout(ctx, contextTime)
	defer cancel()
	config, _ := r.flink.JobManagerConfig(ctx) // without it, Flink's default
	return &surroundings{
		sampler:     observe.NewSampler(r.flink, g, jvms, config.MetricsInterval()),
		description: observe.NewDescription(r.flink, g, jvms),
	}
}

// contextTime bounds what is read before and after the profiles.
const contextTime = 15 * time.Second

// before reads what has to be read before the first profile: the counters' start, and threads.
func (s *surroundings) before(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, contextTime)
	defer cancel()
	var both sync.WaitGroup
	both.Go(func() { s.sampler.Baseline(ctx) })
	both.Go(func() { s.dump(ctx) })
	both.Wait()
}

// start reads on in the background until the returned function is called.
func (s *surroundings) start(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var both sync.WaitGroup
	both.Go(func() { s.sampler.Run(ctx) })
	both.Go(func() { s.description.Static(ctx) })
	return func() {
		cancel()
		both.Wait()
	}
}

// window announces the captures of a mode.
func (s *surroundings) window(mode events.Mode, seconds int) capture.Window {
	return s.sampler.Window(string(mode), seconds)
}

// after reads the end of the counters, threads, and what happened meanwhile.
func (s *surroundings) after(ctx context.Context) *jobcontext.Context {
	ctx, cancel := context.WithTimeout(ctx, contextTime)
	defer cancel()
	var all sync.WaitGroup
	all.Go(func() { s.sampler.Finish(ctx) })
	all.Go(func() { s.dump(ctx) })
	all.Go(func() { s.description.Final(ctx) })
	all.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.description.Context(s.sampler.Windows(), s.threads, s.missing)
}

// dump takes a thread dump of every TaskManager.
func (s *surroundings) dump(ctx context.Context) {
	threads, missing := s.sampler.Threads(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.threads = append(s.threads, threads...)
	s.missing = append(s.missing, missing...)
}

func (s *surroundings) miss(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.missing = append(s.missing, what)
}
