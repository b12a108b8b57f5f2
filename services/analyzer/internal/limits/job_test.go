package limits

import (
	"math/rand/v2"
	"slices"
	"testing"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
)

// spent is what a subtask does with its time, and with its records per second.
type spent struct {
	busy, idle, back float64 // shares; a busy of -1 is that of a legacy source
	in, out          float64
}

// node is a vertex of a generated job.
type node struct {
	name   string
	inputs []string
	ship   string
	does   []spent
}

// generated makes the context that a collector would write: an old job, looked at for 20 s in two windows that share a
// reading.
func generated(nodes ...node) *jobcontext.Context {
	const old = 600_000
	c := &jobcontext.Context{Version: 2, Job: jobcontext.Job{State: running, StartTime: 1_000_000, Now: 1_000_000 + old}}
	for _, n := range nodes {
		v := jobcontext.Vertex{ID: n.name, Name: n.name, Parallelism: len(n.does)}
		for _, in := range n.inputs {
			v.Inputs = append(v.Inputs, jobcontext.Input{Vertex: in, Ship: n.ship})
		}
		for i := range n.does {
			v.Subtasks = append(v.Subtasks, jobcontext.Subtask{Index: i, TaskManager: "tm", Status: running})
		}
		c.Vertices = append(c.Vertices, v)
	}
	sample := func(at int64) jobcontext.Sample {
		s := jobcontext.Sample{AtMillis: at}
		for _, n := range nodes {
			for i, d := range n.does {
				ms := float64(old + at)
				x := jobcontext.Counters{
					Vertex: n.name, Subtask: i, Status: running, StartTime: 1_000_000,
					BusyMillis: int64(d.busy * ms), IdleMillis: int64(d.idle * ms), BackPressuredMillis: int64(d.back * ms),
					ReadRecords: int64(d.in * ms / 1000), WriteRecords: int64(d.out * ms / 1000),
				}
				if d.busy < 0 {
					x.BusyMillis, x.IdleMillis = -1, 0
				}
				s.Subtasks = append(s.Subtasks, x)
			}
		}
		return s
	}
	c.Windows = []jobcontext.Window{
		{Mode: "ITIMER", Seconds: 8, Samples: []jobcontext.Sample{sample(0), sample(10_000)}},
		{Mode: "WALL", Seconds: 8, Samples: []jobcontext.Sample{sample(10_000), sample(20_000)}},
	}
	return c
}

// judged is the judgement of a generated job, and the name of the vertex.
func judged(c *jobcontext.Context, seen Seen) (Judgement, string) {
	loads := Loads(c)
	j := Of(c, loads, seen)
	if j.Vertex == none {
		return j, ""
	}
	return j, loads[j.Vertex].Name
}

func one(d ...spent) []spent { return d }

// chain is a source, a vertex and a sink.
func chain(source, work, sink []spent) *jobcontext.Context {
	return generated(node{"source", nil, "", source}, node{"work", []string{"source"}, "HASH", work}, node{"sink", []string{"work"}, "FORWARD", sink})
}

func TestOf(t *testing.T) {
	calm := one(spent{.1, .9, 0, 100, 0})
	for name, test := range map[string]struct {
		source, work, sink []spent
		limit              events.Limit
		vertex             string
		confidence         events.Confidence
	}{
		"saturated source":           {one(spent{.97, .03, 0, 0, 100}), one(spent{.4, .6, 0, 100, 100}), calm, events.LimitVertex, "source", events.ConfidenceHigh},
		"source with a reserve":      {one(spent{.88, .12, 0, 0, 100}), one(spent{.4, .6, 0, 100, 100}), calm, events.LimitVertex, "source", events.ConfidenceMedium},
		"work saturated":             {one(spent{.1, 0, .9, 0, 100}), one(spent{.99, .01, 0, 100, 100}), calm, events.LimitVertex, "work", events.ConfidenceHigh},
		"endless input, 68 % busy":   {one(spent{.07, 0, .93, 0, 100}), one(spent{.68, .32, 0, 100, 100}), calm, events.LimitVertex, "work", events.ConfidenceMedium},
		"endless, little held back":  {one(spent{.25, 0, .75, 0, 100}), one(spent{.55, .45, 0, 100, 100}), calm, events.LimitVertex, "work", events.ConfidenceMedium},
		"one of two":                 {one(spent{.6, 0, .4, 0, 100}), one(spent{.65, .35, 0, 100, 100}), calm, events.LimitVertex, "work", events.ConfidenceLow},
		"full source, some pressure": {one(spent{.85, 0, .15, 0, 100}), one(spent{.6, .4, 0, 100, 100}), calm, events.LimitVertex, "source", events.ConfidenceMedium},
		"endless, nothing busy":      {one(spent{.02, 0, .98, 0, 100}), one(spent{.3, .25, .45, 100, 100}), one(spent{.3, .7, 0, 100, 0}), events.LimitBackpressured, "", events.ConfidenceLow},
		"queue of its own":           {one(spent{.02, 0, .98, 0, 100}), one(spent{.02, 0, .98, 100, 100}), one(spent{.12, .88, 0, 100, 0}), events.LimitVertex, "work", events.ConfidenceMedium},
		"bursts":                     {one(spent{.1, .3, .6, 0, 100}), one(spent{.6, .4, 0, 100, 100}), calm, events.LimitBursts, "", events.ConfidenceMedium},
		"half-idle chain":            {one(spent{.1, .55, .35, 0, 100}), one(spent{.2, .4, .4, 100, 100}), one(spent{.5, .5, 0, 100, 0}), events.LimitBursts, "", events.ConfidenceMedium},
		"short bursts":               {one(spent{.1, .76, .14, 0, 100}), one(spent{.5, .5, 0, 100, 100}), calm, events.LimitNone, "", events.ConfidenceMedium},
		"pressure below a tenth":     {one(spent{.2, .71, .09, 0, 100}), one(spent{.5, .5, 0, 100, 100}), calm, events.LimitNone, "", events.ConfidenceHigh},
		"healthy":                    {one(spent{.2, .8, 0, 0, 100}), one(spent{.5, .5, 0, 100, 100}), calm, events.LimitNone, "", events.ConfidenceHigh},
		"near":                       {one(spent{.2, .8, 0, 0, 100}), one(spent{.9, .1, 0, 100, 100}), calm, events.LimitVertex, "work", events.ConfidenceMedium},
		"legacy source":              {one(spent{-1, 0, .05, 0, 100}), one(spent{.7, .3, 0, 100, 100}), calm, events.LimitUnknown, "", events.ConfidenceLow},
		"legacy source, some held":   {one(spent{-1, 0, .3, 0, 100}), one(spent{.7, .3, 0, 100, 100}), calm, events.LimitUnknown, "", events.ConfidenceLow},
		"legacy source, much held":   {one(spent{-1, 0, .9, 0, 100}), one(spent{.97, .03, 0, 100, 100}), calm, events.LimitVertex, "work", events.ConfidenceHigh},
	} {
		t.Run(name, func(t *testing.T) {
			j, vertex := judged(chain(test.source, test.work, test.sink), Seen{})
			if j.Limit != test.limit || vertex != test.vertex || j.Confidence != test.confidence {
				t.Errorf("%s %q, %s: %s", j.Limit, vertex, j.Confidence, j.Why)
			}
			if j.Why == "" || j.OneOf != (name == "one of two") {
				t.Errorf("one of several: %v, %q", j.OneOf, j.Why)
			}
		})
	}
}

// A source of whose subtasks one does all the work: in sum its threads are half idle.
func TestOfLegacySource(t *testing.T) {
	c := func(first, second float64) *jobcontext.Context {
		return chain(one(spent{-1, 0, 0, 0, first}, spent{-1, 0, .06, 0, second}), one(spent{.73, .27, 0, first + second, 100}), one(spent{.1, .9, 0, 100, 0}))
	}
	for name, test := range map[string]struct {
		context *jobcontext.Context
		running float64
		limit   events.Limit
		vertex  string
		hot     []int
	}{
		"one works":          {c(1, 50_000), 0.95, events.LimitVertex, "source", []int{1}},
		"both work half":     {c(25_000, 25_000), 0.95, events.LimitNone, "", nil},
		"both work all":      {c(25_000, 25_000), 1.9, events.LimitVertex, "source", []int{0, 1}},
		"both sleep":         {c(10, 10), 0.02, events.LimitNone, "", nil},
		"nothing was sent":   {c(0, 0), 0.02, events.LimitNone, "", nil},
		"who sends is hid":   {c(0, 0), 1.0, events.LimitUnknown, "", nil},
		"one, with bursts":   {c(1, 50_000), 0.4, events.LimitNone, "", nil},
		"nothing was looked": {c(1, 50_000), Unknown, events.LimitUnknown, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			seen := Seen{}
			if test.running != Unknown {
				seen.Sources = map[string]SourceThreads{"tm": {Running: uint64(100 * test.running), Waiting: uint64(200 - 100*test.running)}}
			}
			j, vertex := judged(test.context, seen)
			if j.Limit != test.limit || vertex != test.vertex || !slices.Equal(j.Hot, test.hot) || j.Confidence == events.ConfidenceHigh {
				t.Errorf("%s %q %v, %s: %s", j.Limit, vertex, j.Hot, j.Confidence, j.Why)
			}
		})
	}
	other := c(1, 50_000)
	other.Threads = []jobcontext.Thread{{TaskManager: "tm", Name: "Legacy Source Thread - Source: of another job (1/1)#0"}}
	if j, _ := judged(other, Seen{Sources: map[string]SourceThreads{"tm": {Running: 95, Waiting: 105}}}); j.Limit != events.LimitUnknown {
		t.Errorf("the threads may be those of another job: %s", j.Why)
	}
}

// Which subtasks limit is told for skew alone, over all windows.
func TestOfSubtasks(t *testing.T) {
	held := one(spent{.05, 0, .95, 0, 100})
	for name, test := range map[string]struct {
		work   []spent
		hot    []int
		skewed bool
	}{
		"alike, one a bit above 80": {one(spent{.82, .18, 0, 50, 50}, spent{.78, .22, 0, 50, 50}), []int{0, 1}, false},
		"all":                       {one(spent{.99, .01, 0, 50, 50}, spent{.98, .02, 0, 50, 50}), []int{0, 1}, false},
		"one key":                   {one(spent{.15, .85, 0, 10, 10}, spent{.99, .01, 0, 90, 90}), []int{1}, true},
	} {
		j, vertex := judged(chain(held, test.work, one(spent{.1, .9, 0, 100, 0})), Seen{})
		if vertex != "work" || !slices.Equal(j.Hot, test.hot) || j.Skewed != test.skewed {
			t.Errorf("%s: %q %v %v", name, vertex, j.Hot, j.Skewed)
		}
	}
}

// A source that has read all of its input is known to do nothing.
func TestOfFinishedSource(t *testing.T) {
	c := chain(one(spent{0, 0, 0, 0, 0}), one(spent{.5, .5, 0, 100, 100}), one(spent{.1, .9, 0, 100, 0}))
	for w := range c.Windows {
		for s := range c.Windows[w].Samples {
			c.Windows[w].Samples[s].Subtasks[0].Status = finished
		}
	}
	c.Vertices[0].Subtasks[0].Status = finished
	if j, _ := judged(c, Seen{}); j.Limit != events.LimitNone || j.Confidence != events.ConfidenceHigh {
		t.Errorf("%s, %s: %s", j.Limit, j.Confidence, j.Why)
	}
	c.Vertices[0].Subtasks[0].Status = running // and the same counters of a running one are unknown
	for w := range c.Windows {
		for s := range c.Windows[w].Samples {
			c.Windows[w].Samples[s].Subtasks[0].Status = running
		}
	}
	if j, _ := judged(c, Seen{}); j.Limit != events.LimitUnknown {
		t.Errorf("%s: %s", j.Limit, j.Why)
	}
}

// The order of subtasks and the size of all counters mean nothing.
func TestOfProperties(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	share := func() float64 {
		return []float64{0, .03, .07, .12, .3, .5, .6, .82, .96, 1, random.Float64()}[random.IntN(11)]
	}
	subtasks := func() []spent {
		out := make([]spent, 1+random.IntN(4))
		for i := range out {
			out[i].busy = share()
			out[i].back = share() * (1 - out[i].busy)
			out[i].idle = 1 - out[i].busy - out[i].back
			out[i].in, out[i].out = float64(random.IntN(1000)), float64(random.IntN(1000))
		}
		return out
	}
	for range 500 {
		c := chain(subtasks(), subtasks(), subtasks())
		want, vertex := judged(c, Seen{})
		mixed := *c
		mixed.Vertices = slices.Clone(c.Vertices)
		for v := range mixed.Vertices {
			s := slices.Clone(mixed.Vertices[v].Subtasks)
			random.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
			mixed.Vertices[v].Subtasks = s
		}
		for _, other := range []*jobcontext.Context{&mixed, scaled(c, 7)} {
			got, at := judged(other, Seen{})
			if got.Limit != want.Limit || at != vertex || got.Confidence != want.Confidence || !slices.Equal(got.Hot, want.Hot) || got.Why != want.Why {
				t.Fatalf("%s %q %s, and %s %q %s", want.Limit, vertex, want.Why, got.Limit, at, got.Why)
			}
		}
	}
}

func scaled(c *jobcontext.Context, by int64) *jobcontext.Context {
	out := *c
	out.Windows = nil
	for _, w := range c.Windows {
		samples := slices.Clone(w.Samples)
		for i := range samples {
			subtasks := slices.Clone(samples[i].Subtasks)
			for k := range subtasks {
				x := &subtasks[k]
				x.BusyMillis, x.IdleMillis, x.BackPressuredMillis = x.BusyMillis*by, x.IdleMillis*by, x.BackPressuredMillis*by
				x.ReadRecords, x.WriteRecords = x.ReadRecords*by, x.WriteRecords*by
			}
			samples[i].Subtasks = subtasks
		}
		w.Samples = samples
		out.Windows = append(out.Windows, w)
	}
	return &out
}
