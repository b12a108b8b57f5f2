package claims

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// vertex is a vertex of the plan with how it spent its time. Shares are 0 to 1.
type vertex struct {
	id, label    string
	inputs       []string // ids
	busy         float64
	backPressure float64
	idle         float64
	known        bool // the shares
}

// counters are milliseconds since the start.
type counters struct {
	Vertex       string  `json:"vertex"`
	Subtask      int     `json:"subtask"`
	Busy         float64 `json:"busy"`
	Idle         float64 `json:"idle"`
	BackPressure float64 `json:"backPressured"`
}

// context is what of context/job.json is read.
type context struct {
	Vertices []struct {
		ID     string `json:"id"`
		Inputs []struct {
			Vertex string `json:"vertex"`
		} `json:"inputs"`
	} `json:"vertices"`
	Windows []struct {
		Samples []struct {
			At       float64    `json:"at"`
			Subtasks []counters `json:"subtasks"`
		} `json:"samples"`
	} `json:"windows"`
	Config    map[string]string `json:"config"`
	Execution *struct {
		ObjectReuse *bool `json:"objectReuse"`
	} `json:"execution"`
}

var errNoContext = errors.New("there is no one context")

// readContext reads the plan, the loads and the configuration. Labels are those of the vertices, by id.
func (r *recording) readContext(labels map[string]string) error {
	found, _ := filepath.Glob(filepath.Join(r.Dir, "context", "*.json.gz")) // the pattern is well formed
	if len(found) != 1 {
		return fmt.Errorf("%w: %d files", errNoContext, len(found))
	}
	file, err := os.Open(found[0])
	if err != nil {
		return fmt.Errorf("read the context: %w", err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("%s: %w", found[0], err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return fmt.Errorf("%s: %w", found[0], err)
	}
	var c context
	if err := json.Unmarshal(text, &c); err != nil {
		return fmt.Errorf("%s: %w", found[0], err)
	}
	r.config = c.Config
	if c.Execution != nil && c.Execution.ObjectReuse != nil {
		r.config["pipeline.object-reuse"] = fmt.Sprint(*c.Execution.ObjectReuse)
	}
	for _, v := range c.Vertices {
		out := vertex{id: v.ID, label: labels[v.ID]}
		for _, in := range v.Inputs {
			out.inputs = append(out.inputs, in.Vertex)
		}
		c.load(&out)
		r.vertices = append(r.vertices, out)
	}
	return nil
}

// load is how a vertex spent the windows, as a mean of its subtasks.
func (c *context) load(v *vertex) {
	var total, busy, idle, pressed float64
	for _, w := range c.Windows {
		if len(w.Samples) < 2 {
			continue
		}
		first, last := w.Samples[0], w.Samples[len(w.Samples)-1]
		for _, b := range last.Subtasks {
			for _, a := range first.Subtasks {
				if a.Vertex == v.id && b.Vertex == v.id && a.Subtask == b.Subtask {
					total += last.At - first.At
					busy, idle, pressed = busy+b.Busy-a.Busy, idle+b.Idle-a.Idle, pressed+b.BackPressure-a.BackPressure
				}
			}
		}
	}
	if total > 0 {
		v.known, v.busy, v.idle, v.backPressure = true, busy/total, idle/total, pressed/total
	}
}

// vertexOf is the vertex that an id of a load or of an operator means.
func (r *recording) vertexOf(id string) *vertex {
	label := ""
	for _, f := range r.loads {
		if f.ID == id {
			label = f.Vertex
		}
	}
	for i := range r.Operators {
		if r.Operators[i].ID == id {
			label = r.Operators[i].Vertex
		}
	}
	for i := range r.vertices {
		if label != "" && r.vertices[i].label == label {
			return &r.vertices[i]
		}
	}
	return nil
}

// below reports whether records go from a vertex to another one, over any number of edges.
func (r *recording) below(from, to *vertex) bool {
	for _, in := range to.inputs {
		for i := range r.vertices {
			if v := &r.vertices[i]; v.id == in && (v == from || r.below(from, v)) {
				return true
			}
		}
	}
	return false
}

// inChain is the place of an operator in the name of its vertex, "Source: a -> b -> c": one after the other, and -1 where the
// name does not tell.
func inChain(o *Operator) int {
	parts := strings.Split(o.Vertex, " -> ")
	at := -1
	for i, part := range parts {
		if part == o.Name {
			if at >= 0 {
				return -1
			}
			at = i
		}
	}
	if strings.ContainsAny(o.Vertex, "(){}…") {
		return -1
	}
	return at
}
