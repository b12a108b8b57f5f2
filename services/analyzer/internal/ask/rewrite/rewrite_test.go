package rewrite_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask/rewrite"
)

func TestStrings(t *testing.T) {
	at := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	score := 0.5
	in := events.Analysis{
		Run: "keep", JobName: "a", CreatedAt: at, Severity: events.SeverityCritical, Missing: []string{"b", "c"},
		Findings:   []events.Finding{{Title: "d", Mode: events.ModeWall, Recommendation: events.Recommendation{Config: []events.ConfigChange{{Key: "e"}}}}},
		Comparison: &events.Comparison{Summary: "f"},
		Provenance: events.Provenance{Grounding: &score},
	}
	want := in
	want.JobName, want.Missing = "A", []string{"B", "C"}
	want.Findings = []events.Finding{{Title: "D", Mode: events.ModeWall, Recommendation: events.Recommendation{Config: []events.ConfigChange{{Key: "E"}}}}}
	want.Comparison = &events.Comparison{Summary: "F"}
	got := rewrite.Strings(in, func(field, s string) string {
		if field == "Run" {
			return s
		}
		return strings.ToUpper(s)
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Strings (-want +got):\n%s", diff)
	}
	if in.Findings[0].Title != "d" || in.Comparison.Summary != "f" || in.Missing[0] != "b" {
		t.Error("Strings changed what it was given")
	}
	if got.Provenance.Grounding == in.Provenance.Grounding || *got.Provenance.Grounding != score {
		t.Error("a pointer is shared or lost")
	}
}

func TestStringsOfMaps(t *testing.T) {
	got := rewrite.Strings(map[string]string{"a": "b"}, func(field, s string) string { return field + s + "!" })
	if diff := cmp.Diff(map[string]string{"a!": "b!"}, got); diff != "" {
		t.Errorf("Strings (-want +got):\n%s", diff)
	}
	if rewrite.Strings[map[string]string](nil, func(_, s string) string { return s }) != nil {
		t.Error("a nil map is not nil any more")
	}
}
