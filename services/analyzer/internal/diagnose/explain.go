package diagnose

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/operators"
)

const maxHottest = 3

// rowOf names the row of a place: its vertices and what in them.
func rowOf(p *operators.Place) string {
	return fmt.Sprint(p.Vertices, p.Row, p.Operators)
}

// row collects the samples of one row.
type row struct {
	place                operators.Place
	te                   float64
	seen                 [2]uint64 // samples of CPU and of WALL that hot and categories count
	hot                  [2]map[string]uint64
	state, serialization [2]uint64
}

// explainer lays what the captures show over the plan.
type explainer struct {
	*View
	rows        map[string]*row
	vertexCPU   []uint64
	vertexCores []float64
	all         [2]uint64
	others      [2]uint64
	open        [2]uint64
}

// explain says what the captures show of each operator of the plan. Without a context there is no plan.
func (v *View) explain(findings []events.Finding, chosen []Problem) Explanation {
	e := &explainer{View: v, rows: map[string]*row{}, vertexCPU: make([]uint64, len(v.loads)), vertexCores: make([]float64, len(v.loads))}
	for _, family := range []mechanisms.Family{mechanisms.FamilyCPU, mechanisms.FamilyWall} {
		for _, s := range v.family(family) {
			e.add(s)
		}
	}
	out := Explanation{WallSamples: samples(e.all[1]), CPUSamples: samples(e.all[0]), Findings: append([]events.Finding{}, findings...)}
	if v.ctx != nil {
		out.JobName, out.FlinkVersion = v.ctx.Job.Name, v.ctx.FlinkVersion
	}
	by := e.mostSeen()
	out.OtherJobs, out.Unattributed = share(e.others[by], e.all[by]), share(e.open[by], e.all[by])
	told := findingsOf(findings, chosen)
	records := v.operatorRecords()
	for i, load := range v.vertexLoads() {
		out.Vertices = append(out.Vertices, e.vertex(i, load, told, records))
	}
	for key, r := range e.rows {
		if len(r.place.Vertices) > 1 {
			out.Undecided = append(out.Undecided, e.undecided(r, told[key]))
		}
	}
	slices.SortFunc(out.Undecided, func(a, b ExplainedRow) int {
		return cmp.Or(cmp.Compare(b.Samples, a.Samples), cmp.Compare(a.Name, b.Name), slices.Compare(a.Vertices, b.Vertices))
	})
	return out
}

// mostSeen is the position of the family whose samples are shown: CPU if there is any.
func (e *explainer) mostSeen() int {
	if e.all[0] > 0 {
		return 0
	}
	return 1
}

// add counts the parts of a capture.
func (e *explainer) add(s *jvmScan) {
	at := 0
	if s.Family == mechanisms.FamilyWall {
		at = 1
	}
	state, serialization := e.categoryIndex("state"), e.categoryIndex("serialization")
	for _, part := range e.where.Parts(e.captures[s]) {
		e.all[at] += part.Samples
		switch part.Place.Owner() {
		case operators.OwnerOther:
			e.others[at] += part.Samples
			continue
		case operators.OwnerUnknown:
			e.open[at] += part.Samples
			continue
		}
		r := e.row(&part.Place)
		inside := s.Part(part.Chain, part.Spot)
		r.seen[at] += part.Samples
		r.state[at] += inside.Categories[state]
		r.serialization[at] += inside.Categories[serialization]
		for _, hot := range inside.Hottest {
			if r.hot[at] == nil {
				r.hot[at] = map[string]uint64{}
			}
			r.hot[at][s.Graph.Name(hot.Frame)] += hot.Samples
		}
		r.te += e.teIn(s, part.Samples-part.Held, part.Place.Vertices)
		if of := part.Place.Vertices; len(of) == 1 && at == 0 {
			e.vertexCPU[of[0]] += part.Samples
			e.vertexCores[of[0]] += s.onCPU(part.Samples)
		}
	}
}

func (e *explainer) row(p *operators.Place) *row {
	key := rowOf(p)
	if e.rows[key] == nil {
		e.rows[key] = &row{place: *p}
	}
	return e.rows[key]
}

// findingsOf lists the findings of each row.
func findingsOf(findings []events.Finding, chosen []Problem) map[string][]string {
	out := map[string][]string{}
	for i := range chosen {
		if i >= len(findings) {
			break
		}
		for key := range chosen[i].lies() {
			out[key] = append(out[key], findings[i].ID)
		}
	}
	return out
}

// lies are the rows in which a problem is, with what it tells of the same fault and the same cause elsewhere.
func (p *Problem) lies() map[string]bool {
	if p.group == nil || len(p.elsewhere)+len(p.also) == 0 {
		return p.group.rowsOf()
	}
	out := maps.Clone(p.group.rows)
	for _, more := range slices.Concat(p.elsewhere, p.also) {
		maps.Copy(out, more.group.rowsOf())
	}
	return out
}

func (g *group) rowsOf() map[string]bool {
	if g == nil {
		return nil
	}
	return g.rows
}

// vertex is a vertex with all its operators, those without a sample too, and with what Flink does for it.
func (e *explainer) vertex(i int, load events.VertexLoad, told map[string][]string, records map[string]operatorRate) ExplainedVertex {
	out := ExplainedVertex{VertexLoad: load, Cores: -1}
	if e.all[0] > 0 {
		out.Cores = e.vertexCores[i]
	}
	for _, p := range e.rowsOf(i) {
		r := e.rows[rowOf(&p)]
		if r == nil && (len(p.Operators) != 1 || p.Row != operators.RowOperator) {
			continue
		}
		shown := e.explained(r, &p)
		shown.Findings = told[rowOf(&p)]
		if len(p.Operators) == 1 {
			e.ofOperator(&shown, p.Operators[0], load.ID, records)
		}
		if r != nil || !e.mayHave(p.Operators) {
			e.ofVertex(&shown, r, i)
		}
		out.Rows = append(out.Rows, shown)
	}
	return out
}

// rowsOf lists the rows of a vertex: its operators, those of them that cannot be told apart, and what Flink does for them.
func (e *explainer) rowsOf(i int) []operators.Place {
	var known, several []operators.Place
	for n := range e.plan.Vertices[i].Nodes {
		known = append(known, operators.Place{Vertices: []int{i}, Operators: []operators.Local{{Vertex: i, Node: n}}})
	}
	for _, r := range e.rows {
		if p := &r.place; slices.Equal(p.Vertices, []int{i}) && p.Row == operators.RowOperator && len(p.Operators) != 1 {
			several = append(several, *p)
		}
	}
	slices.SortFunc(several, func(a, b operators.Place) int { return cmp.Compare(rowOf(&a), rowOf(&b)) })
	known = append(known, several...)
	for _, flinks := range []operators.Row{operators.RowReading, operators.RowRuntime} {
		known = append(known, operators.Place{Vertices: []int{i}, Row: flinks})
	}
	return known
}

// ofOperator fills in what is known of one operator alone: its records, and how deep it stands in its chain.
func (e *explainer) ofOperator(shown *ExplainedRow, o operators.Local, vertexID string, records map[string]operatorRate) {
	nodes := e.plan.Vertices[o.Vertex].Nodes
	if rate, ok := records[vertexID+"\x00"+metricName(nodes[o.Node].Name)]; ok {
		shown.RecordsIn, shown.RecordsOut = rate.in, rate.out
	}
	for at := nodes[o.Node].Parent; at >= 0; at = nodes[at].Parent {
		shown.Depth++
	}
}

// mayHave reports that samples which cannot be told apart may be those of an operator: then none is not nothing.
func (e *explainer) mayHave(of []operators.Local) bool {
	for _, r := range e.rows {
		if len(r.place.Operators) > 1 && slices.ContainsFunc(r.place.Operators, func(o operators.Local) bool { return slices.Contains(of, o) }) {
			return true
		}
		sameVertex := len(of) > 0 && slices.Equal(r.place.Vertices, []int{of[0].Vertex})
		if sameVertex && r.place.Row == operators.RowOperator && len(r.place.Operators) == 0 {
			return true
		}
	}
	return false
}

// ofVertex fills in the shares of a vertex's time.
func (e *explainer) ofVertex(shown *ExplainedRow, r *row, vertex int) {
	if total := e.vertexTotal(vertex); total > 0 && e.all[1] > 0 && e.samplesPerThread() > 0 {
		shown.Busy = 0
		if r != nil {
			shown.Busy = min(1, r.te/total)
		}
	}
	if e.vertexCPU[vertex] > 0 && e.mayAlsoHave(vertex) <= e.vertexCPU[vertex]/10 {
		shown.CPU = 0
		if r != nil {
			shown.CPU = share(r.seen[0], e.vertexCPU[vertex])
		}
	}
}

// mayAlsoHave returns the CPU samples that may be those of a vertex beside what surely is. With many, its own are no whole.
func (e *explainer) mayAlsoHave(vertex int) uint64 {
	sum := uint64(0)
	for _, r := range e.rows {
		if len(r.place.Vertices) > 1 && slices.Contains(r.place.Vertices, vertex) {
			sum += r.seen[0]
		}
	}
	return sum
}

func (e *explainer) undecided(r *row, findings []string) ExplainedRow {
	shown := e.explained(r, &r.place)
	shown.Vertices, shown.Findings = e.names(r.place.Vertices), findings
	shown.CPU = share(r.seen[0], e.all[0])
	if e.all[0] == 0 {
		shown.CPU = -1
	}
	return shown
}

// explained is a row without the shares of its vertex; r may be nil when no sample is in it.
func (e *explainer) explained(r *row, p *operators.Place) ExplainedRow {
	out := ExplainedRow{Name: e.nameOf(p), Busy: -1, CPU: -1, State: -1, Serialization: -1, RecordsIn: -1, RecordsOut: -1, Place: *p}
	if r == nil {
		return out
	}
	by := 0
	if r.seen[0] == 0 {
		by = 1
	}
	out.Samples = samples(r.seen[by])
	out.State, out.Serialization = share(r.state[by], r.seen[by]), share(r.serialization[by], r.seen[by])
	for frame, n := range r.hot[by] {
		out.Hottest = append(out.Hottest, HotFrame{frame, share(n, r.seen[by])})
	}
	slices.SortFunc(out.Hottest, func(a, b HotFrame) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Frame, b.Frame))
	})
	out.Hottest = out.Hottest[:min(len(out.Hottest), maxHottest)]
	return out
}

// nameOf names a row: by its operators, or by what Flink does.
func (e *explainer) nameOf(p *operators.Place) string {
	if p.Row != operators.RowOperator {
		return p.Row.String()
	}
	var names []string
	for _, o := range p.Operators {
		if name := e.plan.Vertices[o.Vertex].Nodes[o.Node].Name; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "an operator that the plan does not name"
	}
	return strings.Join(names, " or ")
}
