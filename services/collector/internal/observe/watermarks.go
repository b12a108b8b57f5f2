package observe

import (
	"context"
	"fmt"
	"slices"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
)

// What is read of watermarks, twice in a run.
const (
	maxWatermarkVertices = 32   // a request each
	maxWatermarks        = 2000 // of one reading
)

// watermarks are those of the vertices that have inputs, at the first and at the last reading.
type watermarks struct {
	client   *flink.Client
	job      string
	vertices []flink.Vertex
	readings []jobcontext.WatermarkReading // none, the first, or the first and the last
	left     []string                      // what was left out, and why
}

func newWatermarks(client *flink.Client, g Graph) watermarks {
	w := watermarks{client: client, job: g.Job.ID}
	reads := map[string]bool{}
	for _, n := range g.Job.Plan.Nodes {
		reads[n.ID] = len(n.Inputs) > 0
	}
	all := 0
	for _, v := range g.Job.Vertices {
		if !reads[v.ID] {
			continue
		}
		if all += v.Parallelism; len(w.vertices) == maxWatermarkVertices || all > maxWatermarks {
			w.left = []string{fmt.Sprintf("watermarks: of the first %d vertices only", len(w.vertices))}
			break
		}
		w.vertices = append(w.vertices, v)
	}
	return w
}

// read returns the watermarks of Flink's last fetch. Those that cannot be had are unknown.
func (w *watermarks) read(ctx context.Context) []jobcontext.VertexWatermarks {
	found := make([]map[int]int64, len(w.vertices))
	parallel(len(w.vertices), func(i int) { found[i], _ = w.client.Watermarks(ctx, w.job, w.vertices[i].ID) })
	var out []jobcontext.VertexWatermarks
	for i, marks := range found {
		for subtask := range marks {
			if subtask >= w.vertices[i].Parallelism {
				delete(marks, subtask)
			}
		}
		if len(marks) > 0 {
			out = append(out, jobcontext.VertexWatermarks{Vertex: w.vertices[i].ID, Subtasks: marks})
		}
	}
	return out
}

// firstWatermarks reads those of the first sample, unless there are some already.
func (s *Sampler) firstWatermarks(ctx context.Context) {
	s.mu.Lock()
	needed := len(s.samples) > 0 && len(s.watermarks.readings) == 0
	s.mu.Unlock()
	if needed {
		s.readWatermarks(ctx)
	}
}

// readWatermarks adds those that belong to the last sample, which was read just now or is of Flink's last fetch still.
func (s *Sampler) readWatermarks(ctx context.Context) {
	marks := s.watermarks.read(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(marks) == 0 || len(s.samples) == 0 {
		return
	}
	at := s.samples[len(s.samples)-1].AtMillis
	if first := s.watermarks.readings; len(first) > 0 && first[0].AtMillis == at {
		return // nothing newer
	}
	first := s.watermarks.readings[:min(1, len(s.watermarks.readings))]
	s.watermarks.readings = append(first, jobcontext.WatermarkReading{AtMillis: at, Vertices: marks})
}

// Watermarks returns the first and the last reading, as far as there are any.
func (s *Sampler) Watermarks() []jobcontext.WatermarkReading {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.watermarks.readings)
	if began := s.graph.clock(s.began); began > 0 {
		for i := range out {
			out[i].Clock = began + out[i].AtMillis
		}
	}
	return out
}
