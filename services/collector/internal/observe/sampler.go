package observe

import (
	"context"
	"math"
	"sync"
	"time"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
)

// Sampler reads the accumulated counters of a job at the moments when Flink renews them.
//
// Flink fetches metrics from the TaskManagers when it is asked for some and the last fetch is metrics.fetcher.
// update-interval old (10 s); in between every answer repeats the same numbers. A reading at any other moment would
// put old numbers at a new time. So the CPU time of one JVM is watched, which grows with every fetch, and everything
// is read when it has changed.
type Sampler struct {
	client *flink.Client
	graph  Graph
	tms    []string
	probe  time.Duration // between two looks at whether Flink has renewed its numbers
	renew  time.Duration // Flink's interval
	began  time.Time

	mu      sync.Mutex
	last    float64 // what was seen of the watched metric
	samples []jobcontext.Sample
	windows []*Window
	err     error // of the last reading
}

// Window is the time in which the captures of one mode run. It is safe for concurrent use.
type Window struct {
	sampler  *Sampler
	mode     string
	seconds  int
	from, to int64 // ms since the start; to is 0 while it is open
	open     bool
}

const (
	probeEvery    = 250 * time.Millisecond
	atLeast       = 2 // samples make a difference
	metricUnknown = -1
)

// NewSampler prepares the readings of a job on the given TaskManagers, of a Flink that renews its metrics as often as
// renewal says.
func NewSampler(client *flink.Client, g Graph, taskManagers []string, renewal time.Duration) *Sampler {
	return &Sampler{client: client, graph: g, tms: taskManagers, probe: probeEvery, renew: renewal, began: time.Now(), last: math.NaN()}
}

// Baseline takes the first reading from the graph, which was read just now, and from the JVMs. Asking for them makes
// Flink renew numbers that are old.
func (s *Sampler) Baseline(ctx context.Context) {
	at := s.since(time.Now())
	jvms := s.jvms(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(jvms) == 0 || ctx.Err() != nil {
		return
	}
	s.last = float64(jvms[0].CPUNanos)
	s.samples = append(s.samples, jobcontext.Sample{AtMillis: at, Subtasks: counters(s.graph.Vertices), TaskManagers: jvms})
}

// Run reads until ctx ends.
func (s *Sampler) Run(ctx context.Context) {
	for sleep(ctx, s.probe) {
		if s.changed(ctx) {
			s.read(ctx)
		}
	}
}

// Finish takes the last reading when there is a new one. It waits for one only if there would be no difference at all.
func (s *Sampler) Finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.renew+time.Second)
	defer cancel()
	for {
		if s.changed(ctx) {
			s.read(ctx)
		}
		if s.count() >= atLeast || s.count() == 0 || !sleep(ctx, s.probe) {
			return
		}
	}
}

func (s *Sampler) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.samples)
}

// changed reports whether Flink has renewed its numbers since the last look.
func (s *Sampler) changed(ctx context.Context) bool {
	for _, tm := range s.tms {
		m, err := s.client.TaskManagerMetrics(ctx, tm, flink.MetricCPUTime)
		v, ok := m[flink.MetricCPUTime]
		if err != nil || !ok {
			continue // this JVM may be gone
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		was := s.last
		s.last = v
		return !math.IsNaN(was) && v != was
	}
	return false
}

// read takes one reading of everything.
func (s *Sampler) read(ctx context.Context) {
	at := s.since(time.Now())
	vertices, err := readVertices(ctx, s.client, s.graph.Job)
	sample := jobcontext.Sample{AtMillis: at, TaskManagers: s.jvms(ctx), Subtasks: counters(vertices)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err = err; ctx.Err() != nil {
		return
	}
	if err != nil {
		sample.Subtasks = nil
	}
	s.samples = append(s.samples, sample)
	if len(s.samples) == atLeast {
		s.dateBaseline()
	}
}

func counters(vertices []flink.VertexDetails) []jobcontext.Counters {
	var out []jobcontext.Counters
	for _, v := range vertices {
		for _, t := range v.Subtasks {
			m := t.Metrics
			out = append(out, jobcontext.Counters{
				Vertex: v.ID, Subtask: t.Index,
				BusyMillis: int64(m.Busy), IdleMillis: int64(m.Idle), BackPressuredMillis: int64(m.BackPressured),
				ReadRecords: m.ReadRecords, WriteRecords: m.WriteRecords,
			})
		}
	}
	return out
}

// dateBaseline puts the first reading at the time when Flink fetched it: one interval before the second, since this
// sampler asks all the time. Numbers that Flink renewed because of the first reading may be of any age, and go.
func (s *Sampler) dateBaseline() {
	first, second := &s.samples[0], &s.samples[1]
	const soon = 0.3 // of the interval; a fetch takes no longer
	if second.AtMillis-first.AtMillis < int64(soon*float64(s.renew.Milliseconds())) {
		s.samples = s.samples[1:]
		return
	}
	if earlier := second.AtMillis - s.renew.Milliseconds(); first.AtMillis > earlier {
		first.AtMillis = earlier
	}
}

func (s *Sampler) since(t time.Time) int64 { return t.Sub(s.began).Milliseconds() }

// jvms reads the counters of the TaskManagers; those that are gone are left out.
func (s *Sampler) jvms(ctx context.Context) []jobcontext.JVMCounter {
	all := make([]*jobcontext.JVMCounter, len(s.tms))
	parallel(len(s.tms), func(i int) { all[i] = s.jvm(ctx, s.tms[i]) })
	var out []jobcontext.JVMCounter
	for _, c := range all {
		if c != nil {
			out = append(out, *c)
		}
	}
	return out
}

func (s *Sampler) jvm(ctx context.Context, id string) *jobcontext.JVMCounter {
	m, err := s.client.TaskManagerMetrics(ctx, id, flink.MetricCPUTime, flink.MetricCPULoad, flink.MetricHeapUsed, flink.MetricThreadCount)
	if err != nil {
		return nil
	}
	c := &jobcontext.JVMCounter{
		ID: id, CPUNanos: whole(m, flink.MetricCPUTime), HeapUsed: whole(m, flink.MetricHeapUsed),
		Threads: whole(m, flink.MetricThreadCount), Load: metricUnknown, GCMillis: metricUnknown, GCCount: metricUnknown,
	}
	if load, ok := m[flink.MetricCPULoad]; ok {
		c.Load = load
	}
	if tm, err := s.client.TaskManager(ctx, id); err == nil {
		c.GCMillis, c.GCCount = collections(tm.JVM.GarbageCollectors)
	}
	return c
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
