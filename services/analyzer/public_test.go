package analyzer_test

import (
	"path/filepath"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// What limits the jobs that nobody here wrote, as their code, Flink's times and the CPU seconds of their threads say.
func TestVerdictsOfPublicJobs(t *testing.T) {
	const oneOfTwo, restarted = "(1 of 2 subtasks)", "restarted"
	for name, want := range map[string]struct {
		limit    events.Limit
		vertex   string
		says     []string
		not      []string
		severity events.Severity // at least
	}{
		"legacy-source-kryo": {
			events.LimitVertex, "Source: FakeKafkaSource",
			[]string{oneOfTwo, "1,580,472 of its 1,580,491 records"},
			[]string{"Not limited", "sleep", restarted},
			events.SeverityWarning,
		},
		"two-jobs-guilty": {events.LimitVertex, "Source: FakeKafkaSource", []string{oneOfTwo}, []string{"Not limited", "sleep"}, events.SeverityWarning},
		"two-jobs-innocent": {
			events.LimitNone, "", []string{"Not limited", "nothing is backpressured"}, []string{restarted}, events.SeverityNone,
		},
		"nexmark-q4":           {events.LimitVertex, "Join[10]", []string{"100 % busy"}, []string{restarted}, events.SeverityWarning},
		"nexmark-q20":          {events.LimitVertex, "Join[10]", []string{"63 % busy"}, []string{oneOfTwo, restarted}, events.SeverityWarning},
		"nexmark-q20-remedied": {events.LimitVertex, "Join[10]", []string{"93 % busy"}, []string{oneOfTwo, restarted}, events.SeverityWarning},
		"restart-loop": {
			events.LimitRestarting, "",
			[]string{"restarted at least 15 times in 46 s, ArithmeticException"},
			[]string{"starvation", "busy"},
			events.SeverityCritical,
		},
	} {
		t.Run(name, func(t *testing.T) {
			in, err := analyzer.Folder(filepath.Join("internal", "operators", "testdata", "jobs", name))
			if err != nil {
				t.Fatal(err)
			}
			s, err := analyzer.New(analyzer.Config{Version: "test"}, analyzer.Deps{})
			if err != nil {
				t.Fatal(err)
			}
			a, err := s.Analyze(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			v := a.Verdict
			if v.Limit != want.limit || !strings.HasPrefix(v.VertexName, want.vertex) || !a.Severity.AtLeast(want.severity) {
				t.Errorf("%s %q, %s: %s", v.Limit, v.VertexName, a.Severity, v.Headline)
			}
			for _, part := range want.says {
				if !strings.Contains(v.Headline, part) {
					t.Errorf("%q is not in: %s", part, v.Headline)
				}
			}
			for _, part := range want.not {
				if strings.Contains(v.Headline, part) {
					t.Errorf("%q is in: %s", part, v.Headline)
				}
			}
		})
	}
}
