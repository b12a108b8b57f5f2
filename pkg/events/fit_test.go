package events_test

import (
	"encoding/json"
	"fmt"
	"slices"
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

// What nobody has verified is the first to go, and nothing points at a finding that is not told.
func TestExcerpt_Remarks(t *testing.T) {
	a := events.Analysis{Run: "r", Severity: events.SeverityNone, Verdict: events.Verdict{Limit: events.LimitNone, Headline: "Not limited."}}
	for i := range events.MaxEventFindings + 2 {
		id := fmt.Sprintf("R%d", i+1)
		a.Findings = append(a.Findings, events.Finding{ID: id, Proof: events.ProofProven})
		a.Doubts = append([]events.Doubt{{Finding: id, Text: "of " + id}}, a.Doubts...)
		a.Readings = append([]events.Reading{{About: id, Kind: events.ReadingCause, Text: strings.Repeat("ü", 2*events.MaxReading)}}, a.Readings...)
	}
	a.Readings = append([]events.Reading{{Kind: events.ReadingObservation, Text: "of the job"}}, a.Readings...)
	r, err := events.Excerpt(a, events.ObjectRef{}, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Doubts) != events.MaxEventDoubts || r.Doubts[0].Finding != "R10" || !r.Truncated {
		t.Errorf("doubts %+v, truncated %v", r.Doubts, r.Truncated)
	}
	if len(r.Readings) != events.MaxEventReadings || r.Readings[0].Text != "of the job" || r.Readings[1].About != "R10" {
		t.Errorf("readings %+v", r.Readings)
	}
	if n := len([]rune(r.Readings[1].Text)); n != events.MaxReading {
		t.Errorf("a reading of %d characters", n)
	}
	if r.Findings[0].Proof != events.ProofProven {
		t.Errorf("proof %q", r.Findings[0].Proof)
	}

	a.Findings[0].Path = []string{strings.Repeat("p", 1500)} // shorter than what is cut
	a.Findings[0].Vertices = slices.Repeat([]string{strings.Repeat("v", 1200)}, 45)
	if r, err = events.Excerpt(a, events.ObjectRef{}, ""); err != nil {
		t.Fatal(err)
	}
	if len(r.Readings) != 0 || len(r.Doubts) != events.MaxEventDoubts || len(r.Findings[0].Vertices) != 45 || !r.Truncated {
		t.Errorf("%d readings, %d doubts, %d vertices", len(r.Readings), len(r.Doubts), len(r.Findings[0].Vertices))
	}

	a.Findings[0].Vertices = slices.Repeat([]string{strings.Repeat("v", 1900)}, 100)
	a.Findings[9].Vertices = a.Findings[0].Vertices
	if r, err = events.Excerpt(a, events.ObjectRef{}, ""); err != nil {
		t.Fatal(err)
	}
	for _, d := range r.Doubts {
		if !slices.ContainsFunc(r.Findings, func(f events.FindingExcerpt) bool { return f.ID == d.Finding }) {
			t.Errorf("a doubt about %s, of %d findings", d.Finding, len(r.Findings))
		}
	}
}

func TestAnalysis_Grade(t *testing.T) {
	critical := events.Finding{Severity: events.SeverityCritical}
	supported := events.Finding{Severity: events.SeverityCritical, Proof: events.ProofSupported}
	unknown := events.Finding{Severity: events.SeverityCritical, Proof: "guessed"}
	info := events.Finding{Severity: events.SeverityInfo, Proof: events.ProofProven}
	for name, c := range map[string]struct {
		findings []events.Finding
		want     events.Severity
	}{
		"of an older version": {[]events.Finding{critical, info}, events.SeverityCritical},
		"none":                {nil, events.SeverityCritical},
		"supported":           {[]events.Finding{info, supported}, events.SeverityWarning},
		"of a later version":  {[]events.Finding{unknown}, events.SeverityWarning},
		"both":                {[]events.Finding{supported, critical}, events.SeverityCritical},
	} {
		a := events.Analysis{Severity: events.SeverityCritical, Findings: c.findings}
		if got := a.Grade(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
