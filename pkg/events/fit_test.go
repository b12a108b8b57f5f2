package events_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
)

// Whatever an analysis holds: its event keeps within the limit, says that it was cut, and leaves the analysis as it is.
func TestExcerpt_OfAnything(t *testing.T) {
	huge := strings.Repeat("ü", 20_000)
	many := make([]string, 2000)
	for i := range many {
		many[i] = fmt.Sprintf("%d%s", i, huge[:200])
	}
	ref := events.ObjectRef{Key: "k", SHA256: strings.Repeat("0", 64)}
	for name, change := range map[string]func(*events.Analysis){
		"names":      func(a *events.Analysis) { a.Verdict.VertexName, a.Verdict.NextLimit, a.JobName = huge, huge, huge },
		"victims":    func(a *events.Analysis) { a.Verdict.Victims = many },
		"headline":   func(a *events.Analysis) { a.Verdict.Headline, a.DegradedWhy = huge, many },
		"comparison": func(a *events.Analysis) { a.Comparison = &events.Comparison{Summary: huge, Caveats: many} },
		"findings": func(a *events.Analysis) {
			for range 10 {
				a.Findings = append(a.Findings, events.Finding{Title: huge, Vertices: many, Path: many, Why: huge})
			}
		},
		"all": func(a *events.Analysis) {
			a.Verdict = events.Verdict{Limit: events.LimitVertex, Headline: huge, VertexName: huge, Victims: many, Evidence: many}
			a.DegradedWhy, a.Provenance.Note = many, huge
			a.Comparison = &events.Comparison{Summary: huge, Caveats: many}
			a.Findings = []events.Finding{{Title: huge, Vertices: many, Where: huge}}
		},
	} {
		a := events.Analysis{
			Run: "r", Severity: events.SeverityNone, Verdict: events.Verdict{Limit: events.LimitNone, Headline: "Not limited."},
		}
		change(&a)
		before, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		r, err := events.Excerpt(a, ref, "https://reports/r")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		e, err := events.New("s", "r", a.CreatedAt, r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := e.Encode()
		if err != nil || !r.Truncated || r.Analysis != ref || r.ReportURL != "https://reports/r" || r.Verdict.Headline == "" {
			t.Errorf("%s: %d bytes, truncated %v: %v", name, len(body), r.Truncated, err)
		}
		if after, err := json.Marshal(a); err != nil || string(after) != string(before) {
			t.Errorf("%s: the analysis was changed: %v", name, err)
		}
	}
}
