package diagnosis_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"squirrly.dev/services/analyzer"
	"squirrly.dev/test/diagnosis"
	"squirrly.dev/test/oracle/claims"
)

// fixes are the settings that help the cases whose fix is one.
var fixes = map[string][]claims.Change{
	"copy-chain":    {claims.Set("set", "pipeline.object-reuse", "true")},
	"generic-event": {claims.Set("set", "pipeline.object-reuse", "true")},
	"rocks-cache": {
		claims.Set("set", "state.backend.rocksdb.memory.partitioned-index-filters", "true"), claims.Set("raise", "taskmanager.memory.managed.size", ""),
	},
	"sql-join": {
		claims.Set("set", "state.backend.rocksdb.memory.partitioned-index-filters", "true"), claims.Set("raise", "taskmanager.memory.managed.size", ""),
	},
	"sql-rank": {claims.Set("raise", "table.exec.rank.topn-cache-size", "")},
}

// classes of operators that the source of the job does not name beside a function: of sinks, of sources and of SQL.
var classes = map[string][]string{
	"warehouse: Writer": {"dev.squirrly.cases.BlockedSink$WarehouseWriter"},
	"records":           {"dev.squirrly.cases.Feed$RecordsPerTick"},
	"GroupAggregate[3]": {"org.apache.flink.table.runtime.operators.aggregate.GroupAggFunction"},
	"Rank[3]":           {"org.apache.flink.table.runtime.operators.rank.AppendOnlyTopNFunction"},
	"Join[5]":           {"org.apache.flink.table.runtime.operators.join.stream.StreamingJoinOperator"},
}

var (
	source   = regexp.MustCompile(`new (\w+)[(<]|\.name\("([^"]+)"\)`)
	argument = regexp.MustCompile(`Function$`)
)

// functions are the classes of the functions of each operator of a job, by its source: those that are made before the name of
// the operator is said.
func functions(t *testing.T, main string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	class := main[strings.LastIndexByte(main, '.')+1:]
	text, err := os.ReadFile(filepath.Join("jobs/src/main/java/dev/squirrly/cases", class+".java"))
	if err != nil {
		t.Fatal(err)
	}
	var made []string
	for _, m := range source.FindAllStringSubmatch(string(text), -1) {
		switch {
		case m[2] != "":
			out[m[2]], made = made, nil
		case argument.MatchString(m[1]):
			made = append(made, "dev.squirrly.cases."+class+"$"+m[1])
		}
	}
	return out
}

// claimRuns are the recordings with what is known of them.
func claimRuns(t *testing.T) []claims.Run {
	t.Helper()
	cases, err := diagnosis.LoadCases("cases", true)
	if err != nil {
		t.Fatal(err)
	}
	var out []claims.Run
	for i := range cases {
		c := &cases[i]
		known := map[string][]string{}
		if c.Job.Main != "" {
			known = functions(t, c.Job.Main)
		}
		for _, variant := range []string{"bad", "good"} {
			dir := filepath.Join("recorded", c.Name, variant)
			run := claims.Run{Name: c.Name + "/" + variant, Dir: dir, Analysis: analysisOf(t, dir), Operators: operatorsOf(t, dir, known)}
			run.Truth = claims.Truth{Vertex: c.Truth.Vertex.Regexp, Frames: c.Truth.Frame.Regexp}
			switch {
			case c.Truth.Negative():
			case variant == "good":
				run.Truth.Fixed = c.Truth.Rule[:1]
			default:
				run.Truth.Mechanisms, run.Truth.Fixes = c.Truth.Rule[:1], fixes[c.Name]
			}
			out = append(out, run)
		}
	}
	return out
}

// operatorsOf are the operators of a recording with their ids and their functions.
func operatorsOf(t *testing.T, dir string, known map[string][]string) []claims.Operator {
	t.Helper()
	in, err := analyzer.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := analyzer.New(analyzer.Config{LLM: analyzer.LLMConfig{Provider: analyzer.ProviderRules}}, analyzer.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.ExplainPossible(in)
	if err != nil {
		t.Fatal(err)
	}
	var out []claims.Operator
	for _, o := range e.Operators {
		if o.Vertex != "" {
			of := slices.Concat(known[o.Name], classes[o.Name])
			out = append(out, claims.Operator{ID: o.ID, Name: o.Name, Vertex: o.Vertex, Classes: of})
		}
	}
	return out
}

// The recordings carry 200 true and 200 false claims, of every kind as many as are wanted, about most of the recordings.
func TestClaims_Generated(t *testing.T) {
	all, err := claims.Generate(claimRuns(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	made, runs := map[bool]int{}, map[string]bool{}
	for i := range all {
		c := &all[i]
		made[c.True]++
		runs[c.Run] = true
		if c.Claim.Operator == "" || c.Claim.Share == "" {
			t.Errorf("%s, %s: a claim about nothing", c.Run, c.Kind)
		}
	}
	if made[true] != 200 || made[false] != 200 {
		t.Errorf("%d true and %d false claims, want 200 each", made[true], made[false])
	}
	if len(runs) < 40 {
		t.Errorf("claims about %d recordings, want 40 and more", len(runs))
	}
}
