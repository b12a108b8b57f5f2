package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/operators"
	"squirrly.dev/services/analyzer/internal/scan"
)

// Rows that are none of the plan.
const (
	rowOutside = ""      // outside the tasks
	rowNone    = "other" // of another job, or nobody knows
)

// nowhere is the position of no operator.
const nowhere int32 = -1

// processName is the name of the row for what lies outside the tasks.
const processName = "threads beside the tasks"

// readOperators lists the rows of the plan, and what frames lie in beside them.
func (g *Ground) readOperators(a *events.Analysis) {
	v := g.view
	out := v.explain(a.Findings, g.findings)
	for i := range out.Vertices {
		for _, row := range out.Vertices[i].Rows {
			o := operatorOf(&row)
			o.Vertex, o.VertexID, o.Vertices = out.Vertices[i].Short(), out.Vertices[i].ID, []string{out.Vertices[i].Short()}
			g.add(o)
		}
	}
	for _, row := range out.Undecided {
		o := operatorOf(&row)
		o.Vertices = row.Vertices
		g.add(o)
	}
	g.addOthers()
	g.addWithoutFrames(a)
}

func operatorOf(row *ExplainedRow) Operator {
	p := &row.Place
	o := Operator{
		Name: row.Name, Busy: row.Busy, CPU: row.CPU, Samples: row.Samples, Findings: row.Findings,
		row: rowOf(p), of: p.Vertices, reads: p.Row == operators.RowReading,
	}
	for _, local := range p.Operators {
		if len(p.Vertices) == 1 {
			o.nodes = append(o.nodes, local.Node)
		}
	}
	return o
}

func (g *Ground) add(o Operator) {
	o.ID = fmt.Sprintf("O%d", len(g.operators)+1)
	limiting := g.view.limit.onPath()
	o.Limiting = len(limiting) == 0 || slices.ContainsFunc(o.of, func(v int) bool { return slices.Contains(limiting, v) })
	g.rows[o.row] = len(g.operators)
	g.operators = append(g.operators, o)
}

// foundRow is a row that frames lie in.
type foundRow struct {
	Operator
	seen [2]uint64 // samples of CPU and of WALL
}

// addOthers adds the rows with samples that the plan does not have, most samples first and what is outside the tasks last,
// and notes for all frames in which row they lie.
func (g *Ground) addOthers() {
	found := map[string]*foundRow{}
	rows := map[*jvmScan][]string{}
	var tasks, all [2]uint64
	for _, s := range g.view.weighed() {
		rows[s] = g.rowsIn(s, found)
		at := slices.Index([]mechanisms.Family{mechanisms.FamilyCPU, mechanisms.FamilyWall}, s.Family)
		if at < 0 {
			continue
		}
		for row, n := range samplesByRow(s, rows[s]) {
			all[at] += n
			if row != rowOutside {
				tasks[at] += n
			}
			found[row].seen[at] += n
		}
	}
	var more []*foundRow
	for row, r := range found {
		if _, known := g.rows[row]; !known {
			more = append(more, r)
		}
	}
	slices.SortFunc(more, func(a, b *foundRow) int {
		return cmp.Or(truthOrder(a.Process, b.Process), cmp.Compare(b.seen[0], a.seen[0]), cmp.Compare(b.seen[1], a.seen[1]), cmp.Compare(a.row, b.row))
	})
	for _, r := range more {
		of := tasks
		if r.Process {
			of = all
		}
		r.fill(of)
		g.add(r.Operator)
	}
	g.note(rows)
}

// samplesByRow adds up the samples of a capture whose frames lie in rows.
func samplesByRow(s *jvmScan, rows []string) map[string]uint64 {
	out := map[string]uint64{}
	for id, row := range rows {
		if row != rowNone {
			out[row] += s.Graph.Frame(frameID(id)).Self
		}
	}
	return out
}

// note keeps for all frames with samples in which row they lie.
func (g *Ground) note(rows map[*jvmScan][]string) {
	for s, of := range rows {
		g.frames[s] = make([]int32, len(of))
		for id, row := range of {
			g.frames[s][id] = nowhere
			if at, ok := g.rows[row]; ok && s.ActiveWidth[id] > 0 {
				g.frames[s][id] = int32(at) //nolint:gosec // a few hundred
			}
		}
	}
}

// truthOrder puts what is not so before what is.
func truthOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// fill sets what is known of a row without a plan.
func (r *foundRow) fill(of [2]uint64) {
	r.Busy, r.CPU, r.Samples = -1, -1, samples(r.seen[0])
	if of[0] > 0 {
		r.CPU = share(r.seen[0], of[0])
	}
	if r.seen[0] == 0 {
		r.Samples = samples(r.seen[1])
	}
}

// rowsIn returns the rows of the frames of a capture in which active samples end; of all others rowNone.
func (g *Ground) rowsIn(s *jvmScan, found map[string]*foundRow) []string {
	type part struct{ chain, spot int32 }
	known := map[part]string{}
	out := make([]string, s.Graph.Len())
	for id, at := range s.Places() {
		if f := s.Graph.Frame(frameID(id)); f.Self == 0 || s.ActiveWidth[id] == 0 {
			out[id] = rowNone
			continue
		}
		key := part{at.Chain, at.Spot}
		row, ok := known[key]
		if !ok {
			o := g.rowAt(s, key.chain, key.spot)
			row, known[key] = o.row, o.row
			if found[row] == nil && row != rowNone {
				found[row] = &foundRow{Operator: o}
			}
		}
		out[id] = row
	}
	return out
}

// rowAt says in which row a part of a capture lies, and names one that the plan does not have.
func (g *Ground) rowAt(s *jvmScan, chain, spot int32) Operator {
	v := g.view
	if chain < 0 && spot == scan.NoSpot {
		return Operator{Name: processName, Process: true, row: rowOutside}
	}
	p := v.where.Place(v.captures[s], chain, spot)
	if p.Owner() == operators.OwnerOther || p.Owner() == operators.OwnerUnknown && !p.Partly {
		return Operator{row: rowNone}
	}
	o := Operator{Name: p.Row.String(), row: rowOf(&p), of: p.Vertices, Vertices: v.names(p.Vertices), reads: p.Row == operators.RowReading}
	if len(p.Vertices) == 1 {
		o.Vertex, o.VertexID = o.Vertices[0], v.ctx.Vertices[p.Vertices[0]].ID
	}
	if p.Row == operators.RowOperator && chain >= 0 {
		o.frame = s.Graph.Name(s.Chains[chain].Operator)
		o.Name = nameByFrames(s, chain)
		if len(v.plan.Vertices) == 0 {
			o.base, o.row = o.row, o.row+o.Name
		}
	}
	return o
}

// nameByFrames names an operator without a plan: by the class that Flink enters and by that of its function.
func nameByFrames(s *jvmScan, chain int32) string {
	c := s.Chains[chain]
	if c.Writes() {
		c = s.Chains[c.Parent]
	}
	name := wording.Simple(wording.Class(s.Graph.Name(c.Operator)))
	if c.Anchor == scan.NoName {
		return name
	}
	if of := wording.Simple(wording.Class(s.Graph.Name(c.Anchor))); of != name && !strings.Contains(of, "$") {
		name += " (" + of + ")"
	}
	return name
}

// addWithoutFrames names the findings of no frames at the operators of their vertices, and those of the whole job or process
// where the threads beside the tasks are.
func (g *Ground) addWithoutFrames(a *events.Analysis) {
	for i := range g.findings {
		p := &g.findings[i]
		process := p.group == nil && len(p.Vertices) == 0 || p.group != nil && p.Rule.Below == mechanisms.ScopeProcess
		if _, known := g.rows[rowOutside]; process && !known {
			g.add(Operator{Name: processName, Process: true, row: rowOutside, Busy: -1, CPU: -1})
		}
		for at := range g.operators {
			o := &g.operators[at]
			if id := a.Findings[i].ID; (p.liesIn(o, process) || o.base != "" && g.shows(p, at)) && !slices.Contains(o.Findings, id) {
				o.Findings = append(o.Findings, id)
			}
		}
	}
}

// shows reports that enough samples of a problem are in an operator that no plan tells from the others.
func (g *Ground) shows(p *Problem, operator int) bool {
	if p.group == nil || p.counts.frame == nil || !p.lies()[g.operators[operator].base] {
		return false
	}
	s := g.spread(p.counts.total())
	return s.ok && s.by[operator] >= max(1, leastThere*s.all)
}

// liesIn reports that a problem, which may be one of the whole process, is told at an operator.
func (p *Problem) liesIn(o *Operator, process bool) bool {
	ofVertex := p.group == nil && o.Vertex != "" && slices.Contains(p.Vertices, o.Vertex)
	return process && o.Process || ofVertex || p.lies()[o.row]
}
