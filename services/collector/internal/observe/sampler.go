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
	tms    []string
	probe  time.Duration // between two looks at whether Flink has renewed its numbers
	renew  time.Duration // Flink's interval
	began  time.Time

	// OnReading is called after each reading, in the goroutine of Run or Finish, unless nil.
	OnReading func()

	others     others
	chains     *chains
	watermarks watermarks // its readings under mu

	mu        sync.Mutex
	graph     Graph   // with the subtasks of the last reading
	last      float64 // what was seen of the watched metric
	samples   []jobcontext.Sample
	kept      int  // samples that Unkept has returned, or that came from Keep
	keptMarks bool // … and the first watermarks
	windows   []*Window
}

const (
	probeEvery    = 250 * time.Millisecond
	atLeast       = 2 // samples make a difference
	metricUnknown = -1
)

// NewSampler prepares the readings of a job on the given TaskManagers, of a Flink that renews its metrics as often as
// renewal says.
func NewSampler(client *flink.Client, g Graph, taskManagers []string, renewal time.Duration) *Sampler {
	return &Sampler{
		client: client, graph: g, tms: taskManagers, probe: probeEvery, renew: renewal, began: time.Now(), last: math.NaN(),
		others: others{client: client, tms: taskManagers}, chains: newChains(client, g), watermarks: newWatermarks(client, g),
	}
}

// Baseline takes the first reading from the graph, which was read just now, and from the JVMs. Asking for them makes
// Flink renew numbers that are old. After [Sampler.Keep] it reads what is needed to go on and adds nothing: numbers that
// nobody has asked for lately are of an unknown age.
func (s *Sampler) Baseline(ctx context.Context) {
	at := s.since(time.Now())
	jvms, jobs := s.jvms(ctx)
	s.others.find(ctx, without(jobs, s.graph.Job.ID))
	sample := jobcontext.Sample{
		AtMillis: at, Subtasks: counters(s.graph.Vertices, nil), TaskManagers: jvms,
		Others: s.others.read(ctx), Operators: s.chains.read(ctx),
	}
	if len(jvms) == 0 || ctx.Err() != nil {
		return
	}
	s.mu.Lock()
	s.last = float64(jvms[0].CPUNanos)
	if len(s.samples) == 0 {
		s.samples = append(s.samples, sample)
	}
	s.mu.Unlock()
	s.firstWatermarks(ctx)
}

func without(ids []string, id string) []string {
	var out []string
	for _, other := range ids {
		if other != id {
			out = append(out, other)
		}
	}
	return out
}

// Run reads until ctx ends.
func (s *Sampler) Run(ctx context.Context) {
	for sleep(ctx, s.probe) {
		if s.changed(ctx) {
			s.read(ctx)
		}
	}
}

// Finish takes the last reading when there is a new one, and the watermarks of the last one. It waits for one only if there
// would be no difference at all.
func (s *Sampler) Finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.renew+time.Second)
	defer cancel()
	s.lastReading(ctx)
	s.readWatermarks(ctx)
}

func (s *Sampler) lastReading(ctx context.Context) {
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
	jvms, _ := s.jvms(ctx)
	sample := jobcontext.Sample{
		AtMillis: at, TaskManagers: jvms, Subtasks: counters(vertices, nil),
		Others: s.others.read(ctx), Operators: s.chains.read(ctx),
	}
	if ctx.Err() != nil {
		return
	}
	s.add(sample, vertices, err)
	s.firstWatermarks(ctx)
	if s.OnReading != nil {
		s.OnReading()
	}
}

func (s *Sampler) add(sample jobcontext.Sample, vertices []flink.VertexDetails, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		sample.Subtasks = nil
	} else {
		s.graph.Vertices = vertices
	}
	s.samples = append(s.samples, sample)
	if len(s.samples) == atLeast {
		s.dateBaseline()
	}
}

// counters are those of the subtasks on the TaskManagers for which keep says so. A nil keep means all.
func counters(vertices []flink.VertexDetails, keep func(taskManager string) bool) []jobcontext.Counters {
	var out []jobcontext.Counters
	for _, v := range vertices {
		for _, t := range v.Subtasks {
			if keep != nil && !keep(t.TaskManagerID) {
				continue
			}
			m := t.Metrics
			out = append(out, jobcontext.Counters{
				Vertex: v.ID, Subtask: t.Index, Attempt: t.Attempt, StartTime: max(0, t.StartTime), Status: t.Status,
				BusyMillis: int64(m.Busy), IdleMillis: int64(m.Idle), BackPressuredMillis: int64(m.BackPressured),
				ReadRecords: m.ReadRecords, WriteRecords: m.WriteRecords,
				ReadIncomplete: !m.ReadComplete, WriteIncomplete: !m.WriteComplete,
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
		s.samples, s.watermarks.readings = s.samples[1:], nil
		return
	}
	if earlier := second.AtMillis - s.renew.Milliseconds(); first.AtMillis > earlier {
		first.AtMillis = earlier
		if len(s.watermarks.readings) > 0 {
			s.watermarks.readings[0].AtMillis = earlier
		}
	}
}

func (s *Sampler) since(t time.Time) int64 { return t.Sub(s.began).Milliseconds() }

// sleep reports false when ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
