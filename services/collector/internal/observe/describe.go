package observe

import (
	"context"
	"slices"
	"strings"
	"sync"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/services/collector/internal/mask"
)

const (
	maxExceptions = 10
	maxConfig     = 1000 // keys
	maxValue      = 2048 // bytes
	maxMissing    = 100
)

// Description is what does not change while a job is profiled, and what is read at the end.
type Description struct {
	client *flink.Client
	graph  Graph
	tms    []string

	mu  sync.Mutex
	out jobcontext.Context
}

// NewDescription prepares the description of a job on the given TaskManagers.
func NewDescription(client *flink.Client, g Graph, taskManagers []string) *Description {
	return &Description{client: client, graph: g, tms: taskManagers}
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
	jobs, err := d.client.JobsOn(ctx, id)
	if err != nil {
		return nil, err
	}
	others := slices.DeleteFunc(jobs, func(job string) bool { return job == d.graph.Job.ID })
	return &jobcontext.TaskManager{
		ID: id, CPUCores: float64(tm.Hardware.CPUCores), HeapMax: tm.JVM.HeapMax,
		ManagedBytes: tm.Hardware.ManagedMemory, Slots: tm.Slots, OtherJobs: len(others),
	}, nil
}

// Final reads what happened: checkpoints and failures.
func (d *Description) Final(ctx context.Context) {
	job := d.graph.Job.ID
	var both sync.WaitGroup
	both.Go(func() {
		d.try("checkpoints", func() error {
			c, err := d.client.Checkpoints(ctx, job)
			if err == nil {
				d.set(func(out *jobcontext.Context) { out.Checkpoints = checkpoints(c) })
			}
			return err
		})
	})
	both.Go(func() {
		d.try("exceptions", func() error {
			all, err := d.client.Exceptions(ctx, job, maxExceptions)
			d.set(func(out *jobcontext.Context) {
				for _, e := range all {
					out.Exceptions = append(out.Exceptions, cut(mask.Text(e.Name+": "+strings.TrimPrefix(e.Message, e.Name+": "))))
				}
			})
			return err
		})
	})
	both.Wait()
}

func checkpoints(c flink.Checkpoints) *jobcontext.Checkpoints {
	out := &jobcontext.Checkpoints{
		Completed: int64(c.Counts.Completed), Failed: int64(c.Counts.Failed), InProgress: int64(c.Counts.InProgress),
		AvgDurationMS: c.Summary.EndToEndDuration.Avg, MaxDurationMS: c.Summary.EndToEndDuration.Max,
	}
	if last := c.Latest.Completed; last != nil {
		out.LastDurationMS, out.LastSizeBytes = last.EndToEndDuration, last.StateSize
	}
	return out
}

// Context puts everything together. Missing is added to what the description itself lacks.
func (d *Description) Context(windows []jobcontext.Window, threads []jobcontext.Thread, missing []string) *jobcontext.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.out
	d.graph.describe(&out)
	out.Windows, out.Threads = windows, limitThreads(threads)
	out.Missing = append(out.Missing, missing...)
	if len(out.Threads) < len(threads) {
		out.Missing = append(out.Missing, "some threads: their stacks are too large together")
	}
	for _, w := range windows {
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
		d.set(func(c *jobcontext.Context) { c.Missing = append(c.Missing, what+": "+cut(mask.Text(err.Error()))) })
	}
}

func (d *Description) set(fn func(*jobcontext.Context)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fn(&d.out)
}

// tidy masks the configuration and bounds it.
func tidy(config flink.Config) map[string]string {
	out := mask.Config(config)
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
