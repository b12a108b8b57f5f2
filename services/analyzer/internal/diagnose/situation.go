package diagnose

import (
	"cmp"
	"slices"
	"strings"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/operators"
)

// situation is what is known where a problem was seen: a [mechanisms.Situation].
type situation struct {
	*reading
	p *Problem // of no frames and no vertex: the job as a whole
}

var _ mechanisms.Situation = situation{}

// Flink is the version of the cluster.
func (s situation) Flink() string { return s.version() }

// backends are the state backends by what their names, short ones and those of classes, contain, and by their frames.
var backends = []struct{ name, in, frame string }{
	{"rocksdb", "rocksdb", "org.rocksdb."},
	{"forst", "forst", "org.forstdb."},
	{"hashmap", "hashmap", "org.apache.flink.runtime.state.heap.CopyOnWrite"},
}

// Backend is the state backend in force, or the one whose frames the problem shows.
func (s situation) Backend() string { return cmp.Or(s.configuredBackend(), s.p.backendSeen()) }

// configuredBackend is the state backend that is known to be in force.
func (s situation) configuredBackend() string {
	value := first(s.inForce("state.backend.type"))
	if s.ctx != nil && s.ctx.Checkpoints != nil && s.ctx.Checkpoints.Config != nil && s.ctx.Checkpoints.Config.StateBackend != "" {
		value = s.ctx.Checkpoints.Config.StateBackend
	}
	for _, b := range backends {
		if strings.Contains(strings.ToLower(value), b.in) {
			return b.name
		}
	}
	return ""
}

// backendSeen is the state backend whose frames a problem shows.
func (p *Problem) backendSeen() string {
	if p.group == nil {
		return ""
	}
	for _, b := range backends {
		for _, frame := range p.group.stack {
			if strings.HasPrefix(frame, b.frame) {
				return b.name
			}
		}
	}
	return ""
}

// foreign reports that a problem shows frames of a state backend that the job is known not to have.
func (s situation) foreign() bool {
	configured, seen := s.configuredBackend(), s.p.backendSeen()
	return configured != "" && seen != "" && configured != seen
}

// The values of [situation.API].
const (
	apiSQL        = "sql"
	apiDataStream = "datastream"
)

// API says what the operator of a problem, or else its vertices, are written in.
func (s situation) API() string {
	if g := s.p.group; g != nil {
		for _, frame := range g.stack {
			if strings.HasPrefix(frame, "org.apache.flink.table.runtime.operators.") || strings.HasPrefix(frame, "StreamExec") {
				return apiSQL
			}
		}
	}
	found := ""
	for i := range s.loads {
		if !s.concerns(i) {
			continue
		}
		if operators.IsSQL(&s.ctx.Vertices[i]) {
			return apiSQL
		}
		found = apiDataStream
	}
	return found
}

// concerns reports that a vertex is one of the problem's, or that it is none's in particular.
func (s situation) concerns(vertex int) bool {
	return len(s.p.Vertices) == 0 || slices.Contains(s.p.Vertices, s.loads[vertex].Name)
}

// Part is the share of the problem's samples whose stacks hold one of some paths.
func (s situation) Part(paths []string) (float64, bool) {
	g := s.p.group
	if g == nil {
		return 0, false
	}
	m := s.modeScansOf(g.family())
	if m == nil {
		return 0, false
	}
	all := g.described(g.pattern())
	with := all
	with.With = paths
	sums, _ := tallyAll(m, []events.Count{all, with})
	return share(sums[1], sums[0]), sums[0] > 0
}

// InSource says whether the operator of a problem is a source: what is chained to one is an operator of its own.
func (s situation) InSource() mechanisms.Truth {
	g := s.p.group
	if g != nil && slices.ContainsFunc(s.catalogue.Frames.Sources, func(glob string) bool { return mechanisms.Match(glob, g.operator) }) {
		return mechanisms.Yes
	}
	return mechanisms.No
}

// noEdge stands for what a source gets its records by.
const noEdge = "none"

// Ships are the edges over which the vertices of a problem get their records.
func (s situation) Ships() []string {
	var out []string
	for i := range s.loads {
		if len(s.p.Vertices) == 0 || !s.concerns(i) {
			continue
		}
		if s.loads[i].Source() {
			out = append(out, noEdge)
		}
		for _, in := range s.ctx.Vertices[i].Inputs {
			out = append(out, in.Ship)
		}
	}
	return out
}
