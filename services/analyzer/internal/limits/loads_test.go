package limits

import (
	"math"
	"slices"
	"testing"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
)

// line returns a pipeline of vertices with one subtask each: busy and backpressured shares in turn.
func line(shares ...float64) []Load {
	var loads []Load
	for i := 0; i < len(shares); i += 2 {
		l := Load{ID: string(rune('a' + i/2)), Name: string(rune('a' + i/2))}
		if i > 0 {
			l.Inputs = []int{i/2 - 1}
		}
		idle := float64(Unknown)
		if shares[i] != Unknown {
			idle = 1 - shares[i] - shares[i+1]
		}
		l.Subtasks = []Subtask{{Busy: shares[i], BackPressured: shares[i+1], Idle: idle}}
		loads = append(loads, l)
	}
	return loads
}

func TestJudge(t *testing.T) {
	for name, test := range map[string]struct {
		loads   []Load
		limit   events.Limit
		vertex  int
		victims []int
		own     bool
		near    bool
	}{
		"middle":                {line(0.1, 0.9, 0.99, 0, 0.2, 0), events.LimitVertex, 1, []int{0}, false, false},
		"last":                  {line(0.1, 0.9, 0.3, 0.7, 0.99, 0), events.LimitVertex, 2, []int{0, 1}, false, false},
		"busy and held back":    {line(0.1, 0.9, 0.6, 0.4, 0.97, 0), events.LimitVertex, 2, []int{0, 1}, false, false},
		"half busy culprit":     {line(0.1, 0.9, 0.7, 0), events.LimitVertex, 1, []int{0}, false, false},
		"nothing behind busy":   {line(0.1, 0.9, 0.2, 0), events.LimitVertex, 0, nil, true, false},
		"healthy":               {line(0.1, 0, 0.4, 0, 0.2, 0), events.LimitNone, -1, nil, false, false},
		"short bursts":          {line(0.2, 0.15, 0.6, 0), events.LimitNone, -1, nil, false, false},
		"long bursts":           {line(0.05, 0.7, 0.6, 0), events.LimitBursts, -1, nil, false, false},
		"bursts and saturated":  {line(0.05, 0.7, 0.9, 0), events.LimitVertex, 1, []int{0}, false, false},
		"busy source":           {line(0.98, 0, 0.3, 0), events.LimitVertex, 0, nil, false, false},
		"close":                 {line(0.2, 0, 0.85, 0), events.LimitVertex, 1, nil, false, true},
		"unknown":               {line(Unknown, Unknown, Unknown, Unknown), events.LimitUnknown, -1, nil, false, false},
		"legacy source held":    {line(Unknown, 0.9, 0.95, 0), events.LimitVertex, 1, []int{0}, false, false},
		"culprit of no numbers": {line(0.1, 0.9, Unknown, Unknown), events.LimitVertex, 1, []int{0}, false, false},
		"no vertices":           {nil, events.LimitUnknown, -1, nil, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			j := Judge(test.loads)
			if j.Limit != test.limit || j.Vertex != test.vertex || !slices.Equal(j.Victims, test.victims) {
				t.Errorf("%s, vertex %d, victims %v", j.Limit, j.Vertex, j.Victims)
			}
			if j.Own != test.own || j.Near != test.near {
				t.Errorf("own %v, near %v", j.Own, j.Near)
			}
		})
	}
}

func TestJudgeBranches(t *testing.T) {
	// a feeds b and c; c is the busier one, and d behind b is busy without holding anybody back.
	loads := line(0.1, 0.9, 0.5, 0, 0.99, 0, 0.81, 0)
	loads[2].Inputs = []int{0}
	loads[3].Inputs = []int{1}
	if j := Judge(loads); j.Vertex != 2 || j.Next != 3 || len(j.Rivals) != 0 {
		t.Errorf("vertex %d, next %d, rivals %v", j.Vertex, j.Next, j.Rivals)
	}
	loads[1].Subtasks[0].Busy = 0.97
	if j := Judge(loads); !slices.Equal(j.Rivals, []int{1}) {
		t.Errorf("rivals %v", j.Rivals)
	}
}

func TestLoadsByDifferences(t *testing.T) {
	counters := func(busy, idle, back, records int64) jobcontext.Counters {
		return jobcontext.Counters{Vertex: "v", BusyMillis: busy, IdleMillis: idle, BackPressuredMillis: back, ReadRecords: records}
	}
	context := func(readings ...jobcontext.Counters) *jobcontext.Context {
		c := &jobcontext.Context{Vertices: []jobcontext.Vertex{{ID: "v", Subtasks: []jobcontext.Subtask{{Status: "RUNNING"}}}}}
		w := jobcontext.Window{Mode: "WALL"}
		for i, r := range readings {
			w.Samples = append(w.Samples, jobcontext.Sample{AtMillis: int64(i) * 5000, Subtasks: []jobcontext.Counters{r}})
		}
		c.Windows = []jobcontext.Window{w}
		return c
	}
	for name, test := range map[string]struct {
		context    *jobcontext.Context
		busy, back float64
		in         float64
	}{
		// The counters lag behind the clock: 8 s of 10. They are right among themselves.
		"lag":            {context(counters(9000, 500, 100, 50), counters(11000, 700, 200, 80), counters(15800, 1300, 500, 850)), 0.85, 0.05, 100},
		"NaN":            {context(counters(-1, 0, 100, 0), counters(-1, 0, 2600, 500)), Unknown, 0.5, 100},
		"jitter":         {context(counters(600, 500, 100, 50), counters(560, 5000, 600, 550)), 0, 0.1, 100},
		"corrected":      {context(counters(912, 23_965, 0, 500), counters(52, 28_974, 0, 500)), 0, 0, 0},
		"fell for long":  {context(counters(9000, 500, 100, 50), counters(5000, 2500, 100, 550)), Unknown, 0, 100},
		"restarted":      {context(counters(9000, 500, 0, 10), counters(100, 20, 0, 5)), Unknown, Unknown, Unknown},
		"single reading": {context(counters(9000, 500, 0, 10)), Unknown, Unknown, Unknown},
		"count fell":     {context(counters(9000, 500, 0, 10), counters(13000, 1500, 0, 5)), 0.8, 0, Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			s := Loads(test.context)[0].Subtasks[0]
			if math.Abs(s.Busy-test.busy) > 0.001 || math.Abs(s.BackPressured-test.back) > 0.001 || math.Abs(s.RecordsIn-test.in) > 0.1 {
				t.Errorf("busy %.3f, backpressured %.3f, %.1f records/s", s.Busy, s.BackPressured, s.RecordsIn)
			}
		})
	}
}

func TestSkew(t *testing.T) {
	loads := line(0.95, 0)
	loads[0].Subtasks = append(loads[0].Subtasks, Subtask{Index: 1, Busy: 0.1}, Subtask{Index: 2, Busy: 0.12})
	s, ok := SkewOf(&loads[0])
	if !ok || s.Subtask != 0 || math.Abs(s.Ratio-0.95/0.12) > 0.01 || math.Abs(s.Gain-0.95*3/1.17) > 0.01 {
		t.Errorf("skew %+v, %v", s, ok)
	}
	if _, ok := SkewOf(&line(0.95, 0)[0]); ok {
		t.Error("one subtask cannot be skewed")
	}
	idle := line(0.01, 0)
	idle[0].Subtasks = append(idle[0].Subtasks, Subtask{Index: 1, Busy: 0.0001})
	if _, ok := SkewOf(&idle[0]); ok {
		t.Error("a vertex that does next to nothing is no skew")
	}
	unknown := Subtask{Index: 1, Busy: Unknown, Idle: Unknown, RecordsIn: Unknown}
	half := line(0.95, 0)
	half[0].Subtasks = append(half[0].Subtasks, unknown, Subtask{Index: 2, Busy: 0.1, RecordsIn: Unknown})
	if s, ok := SkewOf(&half[0]); ok {
		t.Errorf("a subtask of which nothing is known makes a skew of %+v", s)
	}
	half[0].Subtasks[0].RecordsIn, half[0].Subtasks[1].RecordsIn, half[0].Subtasks[2].RecordsIn = 1000, 10, 10
	if s, ok := SkewOf(&half[0]); !ok || !s.Records || s.Ratio != 100 {
		t.Errorf("records that are known of all make %+v, %v", s, ok)
	}
}
