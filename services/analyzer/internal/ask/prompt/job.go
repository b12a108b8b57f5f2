package prompt

import (
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// Limits of rows: about vertices, operators, edges and windows; the names in one; the notes about a capture.
const (
	maxVertices = 60
	maxNames    = 3
	maxNotes    = 5
)

// jobBlock says what was profiled and what the rules concluded.
func (c cleaner) jobBlock(in Input) *block {
	a := in.Analysis
	b := &block{cleaner: c, title: "job", budget: maxJobTokens}
	b.section("Job", "what", "value")
	for _, what := range []struct{ name, value string }{
		{"name", c.label(a.JobName)},
		{"Flink", c.label(a.FlinkVersion)},
		{"Java", c.label(in.Java)},
		{"limit", c.label(string(a.Verdict.Limit))},
		{"evidence", b.ids(a.Verdict.Evidence...)},
		{"verdict", c.sentence(a.Verdict.Text())},
		{"would limit next", c.label(a.Verdict.NextLimit)},
	} {
		if what.value != "" {
			b.row(always, what.name, what.value)
		}
	}
	b.captures(a)
	b.section("Not available")
	for _, m := range firstOf(a.Missing, maxFindings) {
		b.line(worthSilenced, c.sentence(m))
	}
	return b
}

// captures lists what was captured in each mode, by the fact that says how much of it is idle.
func (b *block) captures(a events.Analysis) {
	b.section("Captures", "id", "mode", "TaskManagers", "samples", "status")
	rows := map[[2]string]int{}
	for _, s := range a.Captures {
		key := [2]string{string(s.Mode), s.Status}
		if _, known := rows[key]; !known {
			n, jvms := together(a.Captures, &s)
			names := b.label(strings.Join(firstOf(jvms, maxNames), ", "))
			if more := len(jvms) - maxNames; more > 0 {
				names += fmt.Sprintf(" and %d more", more)
			}
			rows[key] = b.row(worthCited, b.ids(idleFact(a, s.Mode, n)), b.label(string(s.Mode)), names, wording.Count(n), b.label(s.Status))
		}
		for _, n := range firstOf(s.Notes, maxNotes) {
			b.detail(rows[key], worthRemark, "note", b.label(s.JVM)+": "+b.sentence(n))
		}
	}
}

// together are the samples and the TaskManagers of captures of the mode and status of one.
func together(all []events.CaptureStats, one *events.CaptureStats) (samples int64, jvms []string) {
	for _, s := range all {
		if s.Mode != one.Mode || s.Status != one.Status {
			continue
		}
		if samples += s.Samples; !slices.Contains(jvms, s.JVM) {
			jvms = append(jvms, s.JVM)
		}
	}
	return samples, jvms
}

// idleFact is the id of the fact about all samples of a mode; empty without one.
func idleFact(a events.Analysis, mode events.Mode, samples int64) string {
	for _, f := range a.Evidence {
		if c := f.Count; f.Mode == mode && c != nil && c.Idle == events.IdleOnly && c.Of != nil && c.Of.Samples == samples {
			return f.ID
		}
	}
	return ""
}

// graphBlock is the plan: the vertices in the order of the data flow, what they send to each other, and what is in them.
func (c cleaner) graphBlock(in Input) *block {
	b := &block{cleaner: c, title: "graph", budget: maxGraphTokens}
	ids := vertexIDs(in.Analysis)
	b.section("Vertices", "id", "name", "parallelism", "busy", "busiest subtask", "idle", "backpressured", "records in/s", "out/s", "role")
	for _, v := range firstOf(in.Analysis.Vertices, maxVertices) {
		worth := worthVertex + max(0, v.BusyMax)
		switch v.Role {
		case "":
		case "limit":
			worth = always
		default:
			worth = worthLimit
		}
		b.entry(worth, ids[v.Short()], c.label(v.Short()), wording.Decimal(float64(v.Parallelism), 0), percent(v.Busy), percent(v.BusyMax), percent(v.Idle),
			percent(v.BackPressured), perSecond(v.RecordsIn), perSecond(v.RecordsOut), c.label(v.Role))
	}
	b.section("Edges", "from", "to", "how")
	told := map[Edge]bool{}
	for _, e := range firstOf(in.Edges, 2*maxVertices) {
		if !told[e] { // a join may read one vertex twice
			b.row(worthVertex, ids.of(b, []string{e.From}), ids.of(b, []string{e.To}), c.label(e.Ship))
		}
		told[e] = true
	}
	b.section("Operators", "id", "name", "vertices", "of the busy time", "of the CPU samples", "samples", "limits", "findings")
	for _, o := range firstOf(in.Operators, maxVertices) {
		if !o.Limiting && o.Samples == 0 && len(o.Findings)+len(o.Possible) == 0 {
			continue
		}
		limits, worth := "", worthVertex+max(0, o.CPU)
		if o.Limiting {
			limits, worth = "limits", worthLimit
		}
		if len(o.Findings)+len(o.Possible) > 0 {
			worth++
		}
		b.entry(worth, o.ID, c.label(o.Name), ids.of(b, o.Vertices), percent(o.Busy), percent(o.CPU), wording.Count(o.Samples), limits, b.ids(o.Findings...))
	}
	c.windows(b, in, ids)
	return b
}

// What the rows of the graph are worth.
const (
	worthLimit  = 3.0 // of vertices and operators that limit, or are held back
	worthVertex = 1.0 // of any other, beside how busy it is
)

// windows says how the windows of operators lie.
func (c cleaner) windows(b *block, in Input, ids vertexFacts) {
	b.section("Windows", "operators", "kind", "size", "slide", "windows of each record")
	for _, w := range firstOf(in.Windows, maxVertices) {
		where := c.label(w.Node)
		var of []string
		for _, o := range in.Operators {
			if w.Node != "" && o.Name == w.Node {
				of = append(of, o.ID)
			}
		}
		switch {
		case len(of) > 0:
			where = b.ids(of...)
		case where == "":
			where = ids.of(b, []string{w.Vertex})
		}
		copies := ""
		if w.Copies > 0 {
			copies = wording.Count(int64(w.Copies))
		}
		b.row(worthLimit, where, c.label(w.Kind), duration(w.Size), duration(w.Slide), copies)
	}
}

// vertexFacts are the ids of the facts that say the load of the vertices, by name.
type vertexFacts map[string]string

// vertexIDs finds them: the load of a vertex is the first fact about it.
func vertexIDs(a events.Analysis) vertexFacts {
	ids := vertexFacts{}
	for _, f := range a.Evidence {
		if strings.HasPrefix(f.ID, "V") && ids[f.Vertex] == "" && strings.HasPrefix(f.Text, f.Vertex+": ") {
			ids[f.Vertex] = f.ID
		}
	}
	return ids
}

// of names vertices by their facts.
func (ids vertexFacts) of(b *block, names []string) string {
	var out []string
	for _, name := range firstOf(names, maxVertices) {
		if id := ids[name]; id != "" {
			out = append(out, b.ids(id))
		} else {
			out = append(out, b.label(name))
		}
	}
	return strings.Join(out, " ")
}
