package prompt_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/diagnose"
)

var (
	idForm = regexp.MustCompile(`^[OVTFMCKR]\d+$`)
	idsIn  = map[string][]string{ // columns that hold ids, by section
		"Findings": {"id", "operators", "facts"}, "Silenced": {"finding that stands for it"}, "Possible": {"operator", "facts"},
		"Observations": {"facts"}, "Operators": {"id", "vertices", "findings"}, "Edges": {"from", "to"}, "Windows": {"operators"},
		"Vertices": {"id"}, "Facts": {"id"}, "Facts of metrics": {"id"}, "Captures": {"id"},
	}
	tellsOf  = []string{"Findings", "Operators", "Vertices", "Facts", "Facts of metrics"} // by their first column
	treeRow  = regexp.MustCompile(`^(T\d+) .*?(?: @(O\d+))?$`)
	mapBlock = regexp.MustCompile(`(?s)<<<DATA \w+ (\w+)>>>\n(.*?)\n<<<END \w+>>>\n`)
)

// checkMap holds a prompt to the promises of the map: its budgets, and a row for each id.
func checkMap(t *testing.T, p prompt.Prompt) {
	t.Helper()
	named, has, whole := map[string]string{}, map[string]bool{}, 0
	for _, m := range mapBlock.FindAllStringSubmatch(p.User, -1) {
		if m[1] == "context" {
			continue
		}
		n, err := prompt.CountTokens(m[0])
		if err != nil {
			t.Fatal(err)
		}
		if whole += n; m[1] == "profile" && n > prompt.MaxProfileTokens {
			t.Errorf("the profile has %d tokens", n)
		}
		title, columns := "", []string(nil)
		for line := range strings.Lines(m[2]) {
			line = strings.TrimSuffix(line, "\n")
			if head, ok := strings.CutPrefix(line, "# "); ok {
				var rest string
				title, rest, _ = strings.Cut(head, ": ")
				columns = strings.Split(rest, " | ")
				continue
			}
			if tree := treeRow.FindStringSubmatch(line); tree != nil && strings.HasPrefix(title, "Call tree") {
				has[tree[1]], named[tree[2]] = true, line
			}
			for i, cell := range strings.SplitN(line, " | ", len(columns)) {
				if !slices.Contains(idsIn[title], columns[i]) {
					continue
				}
				for id := range strings.FieldsSeq(cell) {
					if idForm.MatchString(id) {
						named[id] = line
						has[id] = has[id] || i == 0 && slices.Contains(tellsOf, title)
					}
				}
			}
		}
	}
	if whole > prompt.MaxMapTokens {
		t.Errorf("the map has %d tokens", whole)
	}
	for id, line := range named {
		if id != "" && !has[id] {
			t.Errorf("%s has no row, and is named in %q", id, line)
		}
	}
}

// TestMap_Budget gives every block far more than it may show, and hides what is assembled from several names.
func TestMap_Budget(t *testing.T) {
	in := sample()
	long := strings.Repeat("Ä$ ", 60)
	for i := range 70 {
		name := fmt.Sprintf("v%d password=x%d %s", i, i, long)
		in.Analysis.Vertices = append(in.Analysis.Vertices, events.VertexLoad{Name: name, Busy: 0.5, BusyMax: 0.5, Role: "victim"})
		in.Edges = append(in.Edges, prompt.Edge{From: "arbitrary-stall", To: name, Ship: "HASH"})
		possible := in.Operators[1].Possible[0]
		possible.Finding.Evidence = []string{fmt.Sprintf("F%d", 1000+i)}
		possible.Facts = []events.Fact{{ID: fmt.Sprintf("F%d", 1000+i), Text: long, Unit: "share", Samples: 9}}
		in.Operators = append(in.Operators, diagnose.Operator{
			ID: fmt.Sprintf("O%d", i+3), Name: name, Vertices: []string{name}, Limiting: true, Findings: []string{"R1", "R77"}, Possible: []diagnose.Possible{possible},
		})
		in.Windows = append(in.Windows, prompt.Window{Node: name, Vertex: name, Kind: long})
		in.Settings = append(in.Settings, prompt.Setting{Key: fmt.Sprintf("key%d", i), Value: long, From: "job"})
		in.Keys = append(in.Keys, prompt.Key{Name: "pass", InForce: "word: " + long, Mechanisms: []string{"A1"}})
		in.Failures = append(in.Failures, "password:", long)
		in.Analysis.Missing = append(in.Analysis.Missing, long)
		in.Analysis.Captures = append(in.Analysis.Captures, events.CaptureStats{JVM: fmt.Sprintf("tm-%d", i), Mode: events.ModeWall, Samples: 1, Status: long, Notes: []string{long, long}})
		in.Analysis.Comparison.Caveats = append(in.Analysis.Comparison.Caveats, long)
		in.Analysis.Observations = append(in.Analysis.Observations, events.Observation{Text: long, Evidence: []string{"F2", "F99"}})
		in.Trees[0].Lines = append(in.Trees[0].Lines, prompt.Line{
			ID: fmt.Sprintf("T%d", i+10), Depth: i % 50, Frame: "aws_secret_access_key", Callers: []string{"=", long}, Operator: fmt.Sprintf("O%d", i+3), Share: 0.5, Worth: 0.5,
		})
		finding := in.Analysis.Findings[0]
		finding.ID, finding.Evidence = fmt.Sprintf("R%d", i+2), []string{"F1", "F98", "M77", "T4", fmt.Sprintf("T%d", i+10)}
		in.Analysis.Findings = append(in.Analysis.Findings, finding)
		for _, kind := range []string{"F", "M", "V"} {
			in.Analysis.Evidence = append(in.Analysis.Evidence, events.Fact{ID: fmt.Sprintf("%s%d", kind, i+200), Text: long, Unit: "share", Value: 0.9})
		}
	}
	for _, budget := range []int{0, 1, 60, 1000} {
		in.Budget = prompt.Budget{Profile: budget}
		p := build(t, in)
		checkMap(t, p)
		if budget > 0 && p.Tokens.Profile > budget {
			t.Errorf("budget %d: the profile has %d tokens", budget, p.Tokens.Profile)
		}
		if !strings.Contains(p.User, "V2 | arbitrary-stall |") || !strings.Contains(p.User, "limit | vertex") {
			t.Error("what limits is not told")
		}
	}
}

// TestMap_Rows: the ids of the sample that have a row are named, others are not.
func TestMap_Rows(t *testing.T) {
	in := sample()
	in.Analysis.Findings[0].Evidence = []string{"F1", "T3", "V2", "F77"}
	in.Operators[1].Findings = []string{"R1", "R9"}
	in.Trees[0].Lines[1].Operator = "O9"
	p := build(t, in)
	checkMap(t, p)
	for _, want := range []string{"| O2 | F1 T3 V2 | Thread.sleep", "limits | R1\n", "| 140 | F3 | Logging", "F3 | 12.0 % | Logging", "StreamMap.processElement, demo.Wrap.call\n"} {
		if !strings.Contains(p.User, want) {
			t.Errorf("%q is missing in\n%s", want, p.User)
		}
	}
}
