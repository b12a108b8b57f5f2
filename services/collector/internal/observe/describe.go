package observe

import (
	"context"
	"slices"
	"strings"
	"sync"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/panics"
	"squirrly.dev/internal/redact"
)

const (
	maxConfig  = 1000 // keys
	maxValue   = 2048 // bytes
	maxMissing = 100
)

// Description is what does not change while a job is profiled, and what is read at the end.
type Description struct {
	client *flink.Client
	job    string
	tms    []string

	mu  sync.Mutex
	out jobcontext.Context
}

// NewDescription prepares the description of a job on the given TaskManagers.
func NewDescription(client *flink.Client, g Graph, taskManagers []string) *Description {
	d := &Description{client: client, job: g.Job.ID, tms: taskManagers}
	d.out.Job = describeJob(g.Job)
	return d
}

func describeJob(j flink.Job) jobcontext.Job {
	return jobcontext.Job{ID: j.ID, Name: line(j.Name), State: j.State, Type: cut(j.Type), StartTime: j.StartTime, Now: j.Now}
}

// Static reads version, configuration and TaskManagers; it can be done while profiles run.
func (d *Description) Static(ctx context.Context) {
	d.try("Flink version", func() error {
		o, err := d.client.Overview(ctx)
		d.set(func(c *jobcontext.Context) { c.FlinkVersion = o.Version })
		return err
	})
	d.try("Java version", func() error {
		e, err := d.client.Environment(ctx)
		d.set(func(c *jobcontext.Context) { c.JavaVersion = cut(e.JVM.Version) })
		return err
	})
	d.try("configuration", func() error {
		config, err := d.client.JobManagerConfig(ctx)
		d.set(func(c *jobcontext.Context) { c.Config = tidy(config) })
		return err
	})
	d.try("settings of the job", func() error {
		e, err := d.client.ExecutionConfig(ctx, d.job)
		if err == nil {
			d.set(func(c *jobcontext.Context) { c.Execution = execution(e) })
		}
		return err
	})
	tms := make([]*jobcontext.TaskManager, len(d.tms))
	parallel(len(d.tms), func(i int) {
		d.try("TaskManager "+d.tms[i], func() (err error) {
			tms[i], err = d.taskManager(ctx, d.tms[i])
			return err
		})
	})
	d.set(func(c *jobcontext.Context) {
		for _, tm := range tms {
			if tm != nil {
				c.TaskManagers = append(c.TaskManagers, *tm)
			}
		}
	})
}

func (d *Description) taskManager(ctx context.Context, id string) (*jobcontext.TaskManager, error) {
	tm, err := d.client.TaskManager(ctx, id)
	if err != nil {
		return nil, err
	}
	return &jobcontext.TaskManager{
		ID: id, CPUCores: float64(tm.Hardware.CPUCores), HeapMax: tm.JVM.HeapMax,
		ManagedBytes: tm.Hardware.ManagedMemory, Slots: tm.Slots, OtherJobs: len(without(tm.Jobs(), d.job)),
		Memory: memory(tm.Memory), Collectors: collectors(tm.JVM.GarbageCollectors),
	}, nil
}

// Final reads what happened: the state of the job, checkpoints and failures.
func (d *Description) Final(ctx context.Context) {
	var all panics.Group
	all.Go(func() {
		d.try("state of the job at the end", func() error {
			job, err := d.client.Job(ctx, d.job)
			if err == nil {
				d.set(func(c *jobcontext.Context) { c.Job = describeJob(job) })
			}
			return err
		})
	})
	all.Go(func() { d.checkpoints(ctx) })
	all.Go(func() { d.failures(ctx) })
	all.Wait()
}

// Observed is what a [Sampler] and its dumps have seen.
type Observed struct {
	Threads []jobcontext.Thread
	Census  []jobcontext.ThreadGroup
	Missing []string
}

// Add puts the dumps of a later moment to it.
func (o *Observed) Add(d Dump) {
	o.Threads = append(o.Threads, d.Threads...)
	o.Census = joinCensus(o.Census, d.Census)
	o.Missing = append(o.Missing, d.Missing...)
}

// Context puts everything together. The missing parts are added to what the description itself lacks.
func (d *Description) Context(s *Sampler, seen Observed) *jobcontext.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.out
	out.Version = jobcontext.Version
	out.Vertices, out.OtherJobs = s.graph.describe(nil), s.others.describe()
	out.Windows, out.Watermarks, out.Threads, out.Census = s.Windows(), s.Watermarks(), limitThreads(seen.Threads), seen.Census
	out.Missing = slices.Concat(out.Missing, seen.Missing, s.others.left, s.chains.left, s.watermarks.left)
	if len(out.Threads) < len(seen.Threads) {
		out.Missing = append(out.Missing, "some threads: their stacks are too large together")
	}
	for _, w := range out.Windows {
		if len(w.Samples) < atLeast {
			out.Missing = append(out.Missing, "counters across the "+w.Mode+" window: Flink renewed its metrics fewer than twice")
		}
	}
	slices.Sort(out.Missing)
	out.Missing = slices.Compact(out.Missing)
	out.Missing = out.Missing[:min(len(out.Missing), maxMissing)]
	return &out
}

// try notes what could not be had, in one masked line.
func (d *Description) try(what string, read func() error) {
	if err := read(); err != nil {
		d.missing(what + ": " + err.Error())
	}
}

func (d *Description) missing(what string) {
	d.set(func(c *jobcontext.Context) { c.Missing = append(c.Missing, line(what)) })
}

func (d *Description) set(fn func(*jobcontext.Context)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fn(&d.out)
}

// tidy masks a configuration and bounds it.
func tidy(config map[string]string) map[string]string {
	out := redact.Config(config)
	n := 0
	for key, value := range out {
		if n++; n > maxConfig {
			delete(out, key)
			continue
		}
		if len(value) > maxValue {
			out[key] = strings.ToValidUTF8(value[:maxValue], "") + "…"
		}
	}
	return out
}
