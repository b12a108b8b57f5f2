package limits

import (
	"math"
	"testing"

	"squirrly.dev/internal/jobcontext"
)

// paced is a job whose source delivers so many records per second in each window of five seconds.
func paced(rates ...int64) *jobcontext.Context {
	c := &jobcontext.Context{Vertices: []jobcontext.Vertex{
		{ID: "s", Subtasks: []jobcontext.Subtask{{Status: "RUNNING"}}},
		{ID: "w", Inputs: []jobcontext.Input{{Vertex: "s"}}, Subtasks: []jobcontext.Subtask{{Status: "RUNNING"}}},
	}}
	var at, records, busy int64
	sample := func() jobcontext.Sample {
		return jobcontext.Sample{AtMillis: at, Subtasks: []jobcontext.Counters{
			{Vertex: "s", BusyMillis: busy, IdleMillis: 7, WriteRecords: records},
			{Vertex: "w", BusyMillis: busy, IdleMillis: 7, ReadRecords: records},
		}}
	}
	samples := []jobcontext.Sample{sample()}
	for _, rate := range rates {
		at, busy, records = at+5000, busy+5000, records+rate*5
		samples = append(samples, sample())
	}
	half := len(samples) / 2 // two windows, which share a reading
	c.Windows = []jobcontext.Window{{Samples: samples[:half+1]}, {Samples: samples[half:]}}
	return c
}

func TestPace(t *testing.T) {
	for name, test := range map[string]struct {
		rates  []int64
		ok     bool
		spread float64
	}{
		"steady":          {[]int64{1000, 1020, 980}, true, 0.02},
		"starting":        {[]int64{500, 800, 1100}, true, 0.375},
		"warm by now":     {[]int64{100, 500, 1000, 1000, 1000}, true, 0},
		"slowing down":    {[]int64{1000, 1000, 700}, true, 200.0 / 900},
		"too few windows": {[]int64{1000, 1000}, false, 0},
		"too few records": {[]int64{10, 10, 10}, false, 0},
		"stopped":         {[]int64{1000, 1000, 0}, false, 0},
	} {
		p, ok := PaceOf(paced(test.rates...))
		if ok != test.ok || math.Abs(p.Spread-test.spread) > 0.001 {
			t.Errorf("%s: %+v, %v", name, p, ok)
		}
	}
	close := paced(1000, 1000, 1000)
	close.Windows[0].Samples[1].AtMillis = 1000 // too close to the first: the windows are longer and fewer
	if p, ok := PaceOf(close); ok || p.Windows != 2 {
		t.Errorf("%+v, %v", p, ok)
	}
	if _, ok := PaceOf(&jobcontext.Context{}); ok {
		t.Error("nothing is known and it has a pace")
	}
}
