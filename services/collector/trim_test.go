package collector

import (
	"strings"
	"testing"

	"squirrly.dev/internal/jobcontext"
)

// TestEncode leaves out what is missed least, one part after the other, and says what.
func TestEncode(t *testing.T) {
	long := strings.Repeat("x", 1000)
	make := func() *jobcontext.Context {
		sample := jobcontext.Sample{
			Subtasks: []jobcontext.Counters{{Vertex: long}}, Others: []jobcontext.Counters{{Vertex: long}},
			Operators: []jobcontext.OperatorCounters{{Name: long}},
		}
		return &jobcontext.Context{
			Vertices: []jobcontext.Vertex{{ID: "v", Description: long}}, Config: map[string]string{"k": long},
			Windows:   []jobcontext.Window{{Samples: []jobcontext.Sample{sample, sample, sample, sample}}},
			Threads:   []jobcontext.Thread{{Name: long}},
			Census:    []jobcontext.ThreadGroup{{Name: "pool-*", Frames: []string{long}}},
			OtherJobs: []jobcontext.OtherJob{{ID: "other", Name: long}}, Failures: []jobcontext.Failure{{Message: long}},
		}
	}
	whole, err := encode(make(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	last := len(parts) + 1
	for limit := len(whole); limit > 1000; limit -= 500 {
		c := make()
		body, err := encode(c, limit)
		if err != nil || len(body) > limit {
			t.Fatalf("%d bytes of %d: %v", len(body), limit, err)
		}
		if dropped := len(c.Missing); len(body) < len(whole) && dropped == 0 {
			t.Errorf("of %d bytes: nothing is said to be missing", limit)
		}
		if len(c.Windows) > 0 && (len(c.Windows[0].Samples) < atLeast || len(c.Windows[0].Samples[0].Subtasks) == 0) {
			t.Errorf("of %d bytes: counters without a difference", limit)
		}
		if len(c.Vertices) != 1 || len(c.Missing) >= last {
			t.Errorf("of %d bytes: %d vertices, missing %q", limit, len(c.Vertices), c.Missing)
		}
	}
}
