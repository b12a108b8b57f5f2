package collector

import (
	"context"
	"fmt"
	"sync"
	"time"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/panics"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/collector/internal/capture"
	"squirrly.dev/services/collector/internal/observe"
)

// observer gathers what is around the captures while they are taken.
type observer struct {
	sampler     *observe.Sampler
	description *observe.Description
	pick        pick

	mu   sync.Mutex
	seen observe.Observed
}

func newObserver(ctx context.Context, r *attempt, g observe.Graph, p pick) *observer {
	ctx, cancel := context.WithTimeout(ctx, contextTime)
	defer cancel()
	config, _ := r.flink.JobManagerConfig(ctx) // without it, Flink's default
	return &observer{
		sampler:     observe.NewSampler(r.flink, g, p.chosen, config.MetricsInterval()),
		description: observe.NewDescription(r.flink, g, p.chosen),
		pick:        p,
	}
}

// contextTime bounds what is read before and after the profiles.
const contextTime = 15 * time.Second

// before reads what has to be read before the first profile: the counters' start, and threads.
func (o *observer) before(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, contextTime)
	defer cancel()
	var both panics.Group
	both.Go(func() { o.sampler.Baseline(ctx) })
	both.Go(func() { o.dump(ctx) })
	both.Wait()
}

// start reads on in the background until the returned function is called. keep is called after each reading.
func (o *observer) start(ctx context.Context, keep func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	o.sampler.OnReading = func() { keep(ctx) }
	var all panics.Group
	all.Go(func() {
		keep(ctx) // the first reading
		o.sampler.Run(ctx)
	})
	all.Go(func() { o.description.Static(ctx) })
	return func() {
		cancel()
		all.Wait()
		o.sampler.OnReading = nil
	}
}

// window announces the captures of a mode.
func (o *observer) window(mode events.Mode, seconds int) capture.Window {
	return o.sampler.Window(string(mode), seconds)
}

// after reads the end of the counters, threads, and what happened meanwhile. Of each of the given modes there are
// counters, or a word about why not.
func (o *observer) after(ctx context.Context, modes []events.Mode) *jobcontext.Context {
	ctx, cancel := context.WithTimeout(ctx, contextTime)
	defer cancel()
	var all panics.Group
	all.Go(func() { o.sampler.Finish(ctx) })
	all.Go(func() { o.dump(ctx) })
	all.Go(func() { o.description.Final(ctx) })
	all.Wait()
	has := map[string]bool{}
	for _, w := range o.sampler.Windows() {
		has[w.Mode] = true
	}
	for _, m := range modes {
		if !has[string(m)] {
			o.noteMissing(fmt.Sprintf("counters across the %s window: another collector read them, and they are lost", m))
		}
	}
	for _, text := range o.pick.missing(o.sampler.Carried()) {
		o.noteMissing(text)
	}
	if tm, subtask := o.sampler.Unprofiled(); tm != "" {
		o.noteMissing(fmt.Sprintf("TaskManager %s was not profiled, though it runs the busiest subtask: %s", tm, subtask))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.description.Context(o.sampler, o.seen)
}

// dump takes a thread dump of every TaskManager.
func (o *observer) dump(ctx context.Context) {
	d := o.sampler.Dump(ctx)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen.Add(d)
}

func (o *observer) noteMissing(what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen.Missing = append(o.seen.Missing, what)
}
