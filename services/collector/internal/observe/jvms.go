package observe

import (
	"context"
	"math"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
)

// jvms reads the counters of the TaskManagers, and which jobs have slots there; those that are gone are left out.
func (s *Sampler) jvms(ctx context.Context) (all []jobcontext.JVMCounter, jobs []string) {
	found := make([]*jobcontext.JVMCounter, len(s.tms))
	on := make([][]string, len(s.tms))
	parallel(len(s.tms), func(i int) { found[i], on[i] = s.jvm(ctx, s.tms[i]) })
	for i, c := range found {
		if c != nil {
			all = append(all, *c)
			jobs = append(jobs, on[i]...)
		}
	}
	return all, jobs
}

func (s *Sampler) jvm(ctx context.Context, id string) (c *jobcontext.JVMCounter, jobs []string) {
	m, err := s.client.TaskManagerMetrics(ctx, id, flink.MetricCPUTime, flink.MetricCPULoad, flink.MetricHeapUsed, flink.MetricThreadCount)
	if err != nil {
		return nil, nil
	}
	c = &jobcontext.JVMCounter{
		ID: id, CPUNanos: whole(m, flink.MetricCPUTime), HeapUsed: whole(m, flink.MetricHeapUsed),
		Threads: whole(m, flink.MetricThreadCount), Load: metricUnknown, GCMillis: metricUnknown, GCCount: metricUnknown,
	}
	if load, ok := m[flink.MetricCPULoad]; ok {
		c.Load = load
	}
	if tm, err := s.client.TaskManager(ctx, id); err == nil {
		c.GCMillis, c.GCCount = collections(tm.JVM.GarbageCollectors)
		jobs = tm.Jobs()
	}
	return c, jobs
}

func whole(m map[string]float64, name string) int64 {
	v, ok := m[name]
	if !ok || v < 0 || v > math.MaxInt64/2 {
		return metricUnknown
	}
	return int64(v)
}

// collections adds the collectors up, unless Flink has done so under the name "All".
func collections(all []flink.GarbageCollector) (millis, count int64) {
	if len(all) == 0 {
		return metricUnknown, metricUnknown
	}
	for _, gc := range all {
		if gc.Name == "All" {
			return gc.Time, gc.Count
		}
		millis += gc.Time
		count += gc.Count
	}
	return millis, count
}

const maxCollectors = 16

// collectors are the names of the collectors, without Flink's sum over them.
func collectors(all []flink.GarbageCollector) []string {
	var names []string
	for _, gc := range all[:min(len(all), maxCollectors)] {
		if gc.Name != "All" {
			names = append(names, cut(gc.Name))
		}
	}
	return names
}

// memory is how a TaskManager's memory is divided; nil when Flink does not tell.
func memory(m flink.Memory) *jobcontext.Memory {
	if m == (flink.Memory{}) {
		return nil
	}
	return &jobcontext.Memory{
		FrameworkHeap: m.FrameworkHeap, FrameworkOffHeap: m.FrameworkOffHeap, TaskHeap: m.TaskHeap, TaskOffHeap: m.TaskOffHeap,
		Network: m.Network, Managed: m.Managed, Metaspace: m.Metaspace, Overhead: m.Overhead,
		TotalFlink: m.TotalFlink, TotalProcess: m.TotalProcess,
	}
}
