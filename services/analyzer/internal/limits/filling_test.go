package limits

import (
	"math"
	"testing"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
)

// grows makes a count continue from that of the first reading at a rate of its own.
func grows(c *jobcontext.Context, vertex string, perSecond int64, of func(*jobcontext.Counters) *int64) {
	base := map[int]int64{}
	for w := range c.Windows {
		for i := range c.Windows[w].Samples {
			s := &c.Windows[w].Samples[i]
			for k := range s.Subtasks {
				x := &s.Subtasks[k]
				if x.Vertex != vertex {
					continue
				}
				if _, ok := base[x.Subtask]; !ok {
					base[x.Subtask] = *of(x)
				}
				*of(x) = base[x.Subtask] + perSecond*s.AtMillis/1000
			}
		}
	}
}

func reads(x *jobcontext.Counters) *int64  { return &x.ReadRecords }
func writes(x *jobcontext.Counters) *int64 { return &x.WriteRecords }

func TestFilling(t *testing.T) {
	// Until the first reading all kept pace with each other.
	job := func(ship string) *jobcontext.Context {
		return generated(
			node{"source", nil, "", one(spent{.4, .6, 0, 0, 1000})},
			node{"work", []string{"source"}, ship, one(spent{.97, .03, 0, 1000, 1000})},
			node{"sink", []string{"work"}, "FORWARD", one(spent{.1, .9, 0, 1000, 0})},
		)
	}
	for name, test := range map[string]struct {
		make    func() *jobcontext.Context
		filling bool
	}{
		"a tenth less": {func() *jobcontext.Context { c := job("HASH"); grows(c, "work", 900, reads); return c }, true},
		"3 % less":     {func() *jobcontext.Context { c := job("HASH"); grows(c, "work", 970, reads); return c }, false},
		"more":         {func() *jobcontext.Context { c := job("HASH"); grows(c, "work", 1100, reads); return c }, false},
		"as much":      {func() *jobcontext.Context { return job("HASH") }, false},
		"broadcast":    {func() *jobcontext.Context { c := job("BROADCAST"); grows(c, "work", 900, reads); return c }, false},
		"incomplete": {func() *jobcontext.Context {
			c := job("HASH")
			grows(c, "work", 900, reads)
			c.Windows[1].Samples[1].Subtasks[1].ReadIncomplete = true
			return c
		}, false},
		"in one step only": {func() *jobcontext.Context {
			c := job("HASH")
			c.Windows[1].Samples[1].Subtasks[1].ReadRecords -= 5000
			return c
		}, false},
		"not busy": {func() *jobcontext.Context {
			c := generated(node{"source", nil, "", one(spent{.4, .6, 0, 0, 1000})}, node{"work", []string{"source"}, "HASH", one(spent{.2, .8, 0, 1000, 0})})
			grows(c, "work", 900, reads)
			return c
		}, false},
		"a side output that nobody reads": {func() *jobcontext.Context {
			return generated(node{"source", nil, "", one(spent{.4, .6, 0, 0, 1000})}, node{"work", []string{"source"}, "HASH", one(spent{.97, .03, 0, 700, 0})})
		}, false},
	} {
		j, vertex := judged(test.make(), Seen{})
		if j.Filling != test.filling || vertex == "source" {
			t.Errorf("%s: filling %v, %q: %s", name, j.Filling, vertex, j.Why)
		}
		if rate := Sustained(Loads(test.make()), &j); test.filling && math.Abs(rate-900) > 1 || !test.filling && math.Abs(rate-1000) > 1 {
			t.Errorf("%s: %.0f records/s", name, rate)
		}
	}
}

// A source with two consumers, and a vertex with two sources: only sums can be compared.
func TestFillingOfSeveral(t *testing.T) {
	two := func() *jobcontext.Context {
		return generated(
			node{"source", nil, "", one(spent{.4, .6, 0, 0, 2000})},
			node{"work", []string{"source"}, "HASH", one(spent{.97, .03, 0, 1000, 0})},
			node{"archive", []string{"source"}, "HASH", one(spent{.3, .7, 0, 1000, 0})},
		)
	}
	if j, vertex := judged(two(), Seen{}); j.Filling || !j.Near {
		t.Errorf("all is taken in: %q %s", vertex, j.Why)
	}
	c := two()
	grows(c, "work", 800, reads)
	if j, vertex := judged(c, Seen{}); !j.Filling || vertex != "work" || j.Confidence != events.ConfidenceLow {
		t.Errorf("%q, %s: %s", vertex, j.Confidence, j.Why)
	}
	join := generated(
		node{"orders", nil, "", one(spent{.4, .6, 0, 0, 1000})}, node{"payments", nil, "", one(spent{.4, .6, 0, 0, 500})},
		node{"join", []string{"orders", "payments"}, "HASH", one(spent{.99, .01, 0, 1500, 0})},
	)
	if j, _ := judged(join, Seen{}); j.Filling {
		t.Errorf("all is taken in: %s", j.Why)
	}
	grows(join, "orders", 1300, writes)
	if j, vertex := judged(join, Seen{}); !j.Filling || vertex != "join" {
		t.Errorf("%q: %s", vertex, j.Why)
	}
}
