package report

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// job is the graph with what limits it, and how each vertex spent its time. Names that were shortened are told in full.
func (v view) job() section {
	if len(v.Vertices) == 0 {
		return section{}
	}
	t := &table{
		Head:  []string{"Vertex", "Subtasks", "Busy", "Busiest", "Backpressured", "Records in/s", "out/s", "Role"},
		Right: []bool{false, true, true, true, true, true, true, false},
	}
	s := section{Title: jobTitle, Note: "Averages over the capture windows, in the order of the data flow.", Graph: v.Graph(), Table: t}
	for _, x := range v.Vertices {
		row := plain(x.Short(), wording.Count(x.Parallelism), wording.Percent(x.Busy), wording.Percent(x.BusyMax),
			wording.Percent(x.BackPressured), recordsIn(x), wording.Rate(x.RecordsOut), role(x))
		row[0].Code, row[0].Bar, row[0].Tone = true, bar(x), tone(x)
		t.Rows = append(t.Rows, row)
		if x.Short() != x.Name {
			s.Pairs = append(s.Pairs, pair{Name: x.Short(), Text: x.Name, Code: true})
		}
	}
	return s
}

// role is what a vertex has to do with the limit, in words.
func role(x events.VertexLoad) string {
	switch x.Role {
	case "limit":
		return "limits the job"
	case "victim":
		return "waiting on it"
	}
	return x.Role
}

// recordsIn is what a vertex takes in; a source has no input.
func recordsIn(x events.VertexLoad) string {
	if len(x.Inputs) == 0 && x.RecordsIn == 0 {
		return wording.Unknown
	}
	return wording.Rate(x.RecordsIn)
}

func tone(x events.VertexLoad) string {
	if x.Role == "limit" || x.Role == "" {
		return x.Role
	}
	return "victim"
}

// worthOperator is the share of its vertex from which on an operator is told that no finding is about.
const worthOperator = 0.05

// operators are those of what limits the job, and those that findings are about; without a limit, those that take most.
func (v view) operators() section {
	t := &table{
		Head:  []string{"Operator", "Vertex", "Busy", "CPU", "Records in/s", "out/s", "Hottest function", "Findings"},
		Right: []bool{false, false, true, true, true, true, false, false},
		Spare: []int{4, 5},
	}
	left := 0
	for _, o := range v.Operators {
		limit := v.Verdict.VertexName == "" || o.Vertex == v.Verdict.VertexName
		if len(o.Findings) == 0 && (!limit || max(o.Busy, o.CPU) < worthOperator) {
			left++
			continue
		}
		row := plain(o.Name, o.Vertex, wording.Percent(o.Busy), wording.Percent(o.CPU), wording.Rate(o.RecordsIn), wording.Rate(o.RecordsOut),
			wording.Simple(o.Hottest), strings.Join(o.Findings, ", "))
		row[0].Code, row[1].Code, row[6].Code, row[7].Cite = true, true, true, o.Findings
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) == 0 {
		return section{}
	}
	s := section{Title: "Operators", Note: "Shares of the busy time and of the CPU of the vertex.", Table: t}
	if left > 0 {
		s.Note += " " + wording.Plural(left, "further one") + ": squirrly explain."
	}
	return s
}

// evidence are the facts, those first that something rests on.
func (v view) evidence() section {
	if len(v.Evidence) == 0 {
		return section{}
	}
	t := &table{Head: []string{"Id", "Fact", "From", "For"}, Right: []bool{false, false, false, false}}
	for _, cited := range []bool{true, false} {
		for _, f := range v.Evidence {
			of := v.citing[f.ID]
			if len(of) > 0 != cited {
				continue
			}
			row := plain(f.ID, f.Text, v.factNote(f), strings.Join(of, ", "))
			row[0].Mark, row[3].Cite = f.ID, of
			t.Rows = append(t.Rows, row)
		}
	}
	return section{Title: evidenceTitle, Fold: true, Table: t}
}

// cite notes what rests on each fact: the verdict, findings by their id, observations.
func (v view) cite(of string, facts []string) {
	for _, id := range facts {
		if !slices.Contains(v.citing[id], of) {
			v.citing[id] = append(v.citing[id], of)
		}
	}
}

// cites collects what rests on each fact.
func (v view) cites() {
	v.cite("verdict", v.Verdict.Evidence)
	for _, f := range v.Findings {
		v.cite(f.ID, f.Evidence)
	}
	for _, o := range v.Observations {
		v.cite("observation", o.Evidence)
	}
	for _, d := range v.Doubts {
		v.cite("doubt", d.Evidence)
	}
}

// factNote says where a fact comes from.
func (v view) factNote(f events.Fact) string {
	var parts []string
	if f.Mode != "" {
		parts = append(parts, string(f.Mode))
	}
	if f.JVM != "" {
		parts = append(parts, f.JVM)
	}
	if f.Samples > 0 {
		parts = append(parts, wording.Plural(f.Samples, "sample"))
	}
	if f.StdErr > 0 {
		parts = append(parts, "± "+wording.Percent(f.StdErr))
	}
	return strings.Join(parts, ", ")
}

// captureLink leads from a report to a capture of its run, which lies in the folder captures beside it wherever both are
// kept; empty when the key is of another kind.
func captureLink(key string) string {
	if name := path.Base(key); captureName.MatchString(name) && path.Base(path.Dir(key)) == "captures" {
		return "captures/" + name
	}
	return ""
}

var captureName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,250}\.html$`)
