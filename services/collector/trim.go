package collector

import (
	"fmt"

	"squirrly.dev/internal/jobcontext"
)

// parts of a context that can be done without, what is missed least first.
var parts = []struct {
	name string
	drop func(*jobcontext.Context)
}{
	{"frames of threads beside the tasks", func(c *jobcontext.Context) {
		for i := range c.Census {
			c.Census[i].Frames = nil
		}
	}},
	{"readings between the first and the last of each window", func(c *jobcontext.Context) {
		for i, w := range c.Windows {
			if n := len(w.Samples); n > atLeast {
				c.Windows[i].Samples = []jobcontext.Sample{w.Samples[0], w.Samples[n-1]}
			}
		}
	}},
	{"threads", func(c *jobcontext.Context) { c.Threads = nil }},
	{"other jobs", func(c *jobcontext.Context) {
		c.OtherJobs = nil
		eachSample(c, func(s *jobcontext.Sample) { s.Others = nil })
	}},
	{"records of operators", func(c *jobcontext.Context) { eachSample(c, func(s *jobcontext.Sample) { s.Operators = nil }) }},
	{"watermarks", func(c *jobcontext.Context) { c.Watermarks = nil }},
	{"descriptions of the plan", func(c *jobcontext.Context) {
		for i := range c.Vertices {
			c.Vertices[i].Description = ""
		}
	}},
	{"configuration", func(c *jobcontext.Context) {
		c.Config = nil
		if c.Execution != nil {
			c.Execution.Parameters = nil
		}
	}},
	{"checkpoints and failures", func(c *jobcontext.Context) { c.Checkpoints, c.Failures = nil, nil }},
	{"counters", func(c *jobcontext.Context) { c.Windows = nil }},
}

const atLeast = 2 // samples make a difference

func eachSample(c *jobcontext.Context, change func(*jobcontext.Sample)) {
	for _, w := range c.Windows {
		for i := range w.Samples {
			change(&w.Samples[i])
		}
	}
}

// encode renders a context in at most so many bytes, without the parts that do not fit, and says so in it.
func encode(c *jobcontext.Context, limit int) ([]byte, error) {
	body, err := c.Encode()
	for _, part := range parts {
		if err != nil || len(body) <= limit {
			break
		}
		part.drop(c)
		c.Missing = append(c.Missing, fmt.Sprintf("%s: the context is too large with them", part.name))
		body, err = c.Encode()
	}
	return body, err
}
