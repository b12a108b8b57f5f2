package prompt

import (
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// maxVertices bounds the rows about vertices, operators, edges and captures.
const maxVertices = 60

// jobBlock says what was profiled and what the rules concluded.
func (c cleaner) jobBlock(in Input) string {
	a := in.Analysis
	b := block{cleaner: c}
	b.section("Job", "what", "value")
	for _, what := range []struct{ name, value string }{
		{"name", c.label(a.JobName)},
		{"Flink", c.label(a.FlinkVersion)},
		{"Java", c.label(in.Java)},
		{"limit", c.label(string(a.Verdict.Limit))},
		{"evidence", c.label(strings.Join(a.Verdict.Evidence, " "))},
		{"verdict", c.sentence(a.Verdict.Headline)},
		{"would limit next", c.label(a.Verdict.NextLimit)},
	} {
		if what.value != "" {
			b.row(always, what.name, what.value)
		}
	}
	b.section("Captures", "TaskManager", "mode", "samples", "status")
	for _, s := range firstOf(a.Captures, maxVertices) {
		at := b.row(always, c.label(s.JVM), c.label(string(s.Mode)), wording.Count(s.Samples), c.label(s.Status))
		for _, n := range s.Notes {
			b.detail(at, always, "note", c.sentence(n))
		}
	}
	b.section("Not available")
	for _, m := range a.Missing {
		b.line(always, c.sentence(m))
	}
	text, _ := b.text(0) // it has no budget
	return text
}

// graphBlock is the plan: the vertices in the order of the data flow, what they send to each other, and what is in them.
func (c cleaner) graphBlock(in Input) string {
	b := block{cleaner: c}
	ids := vertexIDs(in.Analysis)
	b.section("Vertices", "id", "name", "parallelism", "busy", "busiest subtask", "idle", "backpressured", "records in/s", "out/s", "role")
	for _, v := range firstOf(in.Analysis.Vertices, maxVertices) {
		b.row(always, ids[v.Short()], c.label(v.Short()), wording.Decimal(float64(v.Parallelism), 0), percent(v.Busy), percent(v.BusyMax), percent(v.Idle),
			percent(v.BackPressured), perSecond(v.RecordsIn), perSecond(v.RecordsOut), c.label(v.Role))
	}
	b.section("Edges", "from", "to", "how")
	told := map[Edge]bool{}
	for _, e := range firstOf(in.Edges, 2*maxVertices) {
		if !told[e] { // a join may read one vertex twice
			b.row(always, ids.of(c, []string{e.From}), ids.of(c, []string{e.To}), c.label(e.Ship))
		}
		told[e] = true
	}
	b.section("Operators", "id", "name", "vertices", "of the busy time", "of the CPU samples", "samples", "limits", "findings")
	for _, o := range firstOf(in.Operators, maxVertices) {
		if !o.Limiting && o.Samples == 0 && len(o.Findings)+len(o.Possible) == 0 {
			continue
		}
		limits := ""
		if o.Limiting {
			limits = "limits"
		}
		b.row(always, c.name(o.ID), c.label(o.Name), ids.of(c, o.Vertices), percent(o.Busy), percent(o.CPU), wording.Count(o.Samples), limits,
			c.label(strings.Join(o.Findings, " ")))
	}
	c.windows(&b, in, ids)
	text, _ := b.text(0)
	return text
}

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
			where = c.label(strings.Join(of, " "))
		case where == "":
			where = ids.of(c, []string{w.Vertex})
		}
		copies := ""
		if w.Copies > 0 {
			copies = wording.Count(int64(w.Copies))
		}
		b.row(always, where, c.label(w.Kind), duration(w.Size), duration(w.Slide), copies)
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
func (ids vertexFacts) of(c cleaner, names []string) string {
	var out []string
	for _, name := range names {
		if id := ids[name]; id != "" {
			out = append(out, id)
		} else {
			out = append(out, c.label(name))
		}
	}
	return strings.Join(out, " ")
}
