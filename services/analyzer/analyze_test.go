package analyzer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// page reads a page that a real Flink wrote while the sample job ran.
func page(t *testing.T, version string, mode events.Mode) analyzer.Page {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("../../internal/flink/testdata", version, "profiles", string(mode)+".html"))
	if err != nil {
		t.Fatal(err)
	}
	return analyzer.Page{JVM: "tm-1", Mode: mode, Seconds: 5, Body: body, Status: string(events.CaptureStored)}
}

// Pages alone prove what the code does, and not which vertex limits the job.
func TestAnalyze_RealPagesAlone(t *testing.T) {
	for _, version := range []string{"1.20.5", "2.3.0"} {
		t.Run(version, func(t *testing.T) {
			s, err := analyzer.New(analyzer.Config{Version: "test"}, analyzer.Deps{})
			if err != nil {
				t.Fatal(err)
			}
			a, err := s.Analyze(t.Context(), analyzer.Input{Pages: []analyzer.Page{
				page(t, version, events.ModeITimer), page(t, version, events.ModeWall),
			}})
			if err != nil {
				t.Fatal(err)
			}
			t.Log(a.Verdict.Headline)
			if a.Verdict.Limit != events.LimitUnknown {
				t.Errorf("limit %s, want unknown without the metrics of the job", a.Verdict.Limit)
			}
			if len(a.Findings) == 0 || a.Findings[0].Rule != "A1" || !strings.HasSuffix(a.Findings[0].Anchor, "EvenStallingFunction.map") {
				t.Errorf("first finding %+v, want the sleep", a.Findings)
			}
			if a.Provenance.Provider != analyzer.ProviderRules || a.Provenance.Note == "" {
				t.Errorf("provenance %+v does not say that the rules decided", a.Provenance)
			}
		})
	}
}

func TestAnalyze_NoProfile(t *testing.T) {
	s, err := analyzer.New(analyzer.Config{}, analyzer.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{"empty": "", "other page": "<!DOCTYPE html><html><body>hello</body></html>"} {
		_, err := s.Analyze(t.Context(), analyzer.Input{Pages: []analyzer.Page{{JVM: "x", Mode: events.ModeWall, Body: []byte(body)}}})
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
