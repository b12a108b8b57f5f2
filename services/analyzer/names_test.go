package analyzer_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// Names of any length, and any number of them: the analysis holds short ones but for the list of vertices, can be read
// again, and has an event.
func TestAnalyze_LongNames(t *testing.T) {
	list := strings.Repeat("CAST(`price` AS DECIMAL(38, 18)) AS `price`, ", 16_000/45)
	for name, x := range map[string]struct {
		rename   func(i int) string
		vertices int
	}{
		"closed":   {func(i int) string { return fmt.Sprintf("Calc(select=[%s])[%d]", list, i) }, 3},
		"cut":      {func(i int) string { return fmt.Sprintf("Calc(select=[%s[%d]", list, i) }, 3},
		"alike":    {func(int) string { return list }, 3},
		"thousand": {func(i int) string { return fmt.Sprintf("%s %d", list, i) }, 2000},
	} {
		t.Run(name, func(t *testing.T) {
			j := sleepy()
			c := j.context()
			for i := range x.vertices {
				if i >= len(c.Vertices) {
					id := fmt.Sprint("v", i)
					c.Vertices = append(c.Vertices, jobcontext.Vertex{ID: id, Inputs: []jobcontext.Input{{Vertex: "enrich"}}, Parallelism: 1})
				}
				c.Vertices[i].Name = x.rename(i)
			}
			c.Threads[0].Name = x.rename(1) + " (1/1)#0"
			a := analysisOf(t, j, c)
			if !strings.HasPrefix(a.Verdict.Headline, a.Vertices[1].Short()+" ") || len(a.Verdict.Headline) > 400 {
				t.Errorf("headline %.500s", a.Verdict.Headline)
			}
			body, err := json.Marshal(a)
			if err != nil || len(body) > 8<<20 {
				t.Fatalf("%d bytes: %v", len(body), err)
			}
			if x.vertices == 3 {
				if a.Vertices[0].Name != x.rename(0) || strings.Count(string(body), "CAST(`price` AS") > 3*(16_000/45+4) { // a cut name has some
					t.Errorf("the full names are not there once each: %d columns", strings.Count(string(body), "CAST(`price` AS"))
				}
			}
			r, err := events.Excerpt(a, events.ObjectRef{Key: "k", SHA256: strings.Repeat("0", 64)}, "")
			if err != nil || len(r.Findings) == 0 {
				t.Errorf("event with %d findings: %v", len(r.Findings), err)
			}
		})
	}
}

func analysisOf(t *testing.T, j job, c *jobcontext.Context) events.Analysis {
	t.Helper()
	s, err := analyzer.New(analyzer.Config{}, analyzer.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	in := analyzer.Input{Run: run1, Identity: orders, Context: c}
	for _, mode := range j.modes() {
		in.Pages = append(in.Pages, analyzer.Page{JVM: "tm-1", Mode: mode, Seconds: seconds, Body: []byte(j.stacks[mode])})
	}
	a, err := s.Analyze(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
