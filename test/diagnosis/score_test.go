package diagnosis

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
)

func pattern(t *testing.T, text string) Pattern {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "c"), 0o750); err != nil {
		t.Fatal(err)
	}
	truth := "truth: {rule: A6, anchor: '" + text + "'}\n"
	if err := os.WriteFile(filepath.Join(dir, "c", "truth.yaml"), []byte(truth), 0o600); err != nil {
		t.Fatal(err)
	}
	cases, err := LoadCases(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	return cases[0].Truth.Anchor
}

// finding makes one that is right for the truth of the tests, and lets change spoil it.
func finding(change func(*events.Finding)) events.Finding {
	f := events.Finding{
		Rule: "A6", Fingerprint: "a6", Category: "cpu", Severity: events.SeverityWarning, Anchor: "app.Enrich.map",
		Frame: "java.util.regex.Pattern.compile", Title: "A regular expression is compiled", Vertices: []string{"enrich"},
		Recommendation: events.Recommendation{Change: "Compile it once.", Config: []events.ConfigChange{{Key: "some.key", Value: "1"}}},
	}
	if change != nil {
		change(&f)
	}
	return f
}

func TestBad(t *testing.T) {
	truth := Truth{
		Limit: "vertex", Vertex: pattern(t, "^enrich$"), Rule: RuleIDs{"A6"}, Anchor: pattern(t, `Enrich\.map$`),
		Fix: Patterns{pattern(t, "some.key")}, MustNot: Patterns{pattern(t, "(?i)garbage")}, Order: RuleIDs{"A6", "B1"},
	}
	other := finding(func(f *events.Finding) { f.Rule, f.Fingerprint, f.Anchor = "B1", "b1", "x.Y.z" })
	right := events.Analysis{
		Verdict:  events.Verdict{Limit: events.LimitVertex, VertexName: "enrich"},
		Findings: []events.Finding{finding(nil), other},
	}
	if s := Bad(&truth, right); len(s.Misses) > 0 || !s.First || !s.TopThree || !s.Vertex || !s.Fix {
		t.Fatalf("a right analysis is missed: %+v", s)
	}
	for name, c := range map[string]struct {
		spoil func(*events.Analysis)
		says  string
	}{
		"other vertex": {func(a *events.Analysis) { a.Verdict.VertexName = "sink" }, "the verdict is vertex"},
		"no limit":     {func(a *events.Analysis) { a.Verdict.Limit = events.LimitNone }, "the verdict is not_limited"},
		"wrong rule":   {func(a *events.Analysis) { a.Findings[0].Rule = "A8" }, "not found"},
		"wrong anchor": {func(a *events.Analysis) { a.Findings[0].Anchor = "app.Other.map" }, "not found"},
		"second":       {func(a *events.Analysis) { a.Findings[0], a.Findings[1] = a.Findings[1], a.Findings[0] }, "place 2"},
		"no fix":       {func(a *events.Analysis) { a.Findings[0].Recommendation.Config = nil }, "the fix"},
		"nothing":      {func(a *events.Analysis) { a.Findings = nil }, "first is nothing"},
		"no second":    {func(a *events.Analysis) { a.Findings = a.Findings[:1] }, "order: B1"},
		"unwanted":     {func(a *events.Analysis) { a.Findings[1].Title = "Garbage collection" }, "must not"},
		"blame":        {func(a *events.Analysis) { a.Verdict.Anchor = "garbage" }, "must not: the verdict"},
	} {
		a := right
		a.Findings = append([]events.Finding{}, right.Findings...)
		c.spoil(&a)
		if s := Bad(&truth, a); !strings.Contains(strings.Join(s.Misses, "; "), c.says) {
			t.Errorf("%s: misses %q, want %q", name, s.Misses, c.says)
		}
	}
}

func TestNegative(t *testing.T) {
	truth := Truth{Limit: "not_limited", MaxSeverity: events.SeverityInfo}
	a := events.Analysis{Verdict: events.Verdict{Limit: events.LimitNone}}
	a.Findings = []events.Finding{finding(func(f *events.Finding) { f.Severity = events.SeverityInfo })}
	if s := Bad(&truth, a); len(s.Misses) > 0 {
		t.Errorf("info is not above info: %q", s.Misses)
	}
	a.Findings[0].Severity = events.SeverityWarning
	if s := Bad(&truth, a); len(s.Misses) != 1 {
		t.Errorf("a warning on a healthy job: %q", s.Misses)
	}
	if s := GoodVariant(Good{MaxSeverity: events.SeverityInfo}, a); len(s.Misses) != 1 {
		t.Errorf("a warning on the fixed variant: %q", s.Misses)
	}
}

func TestReplaced(t *testing.T) {
	truth := Truth{Rule: RuleIDs{"A6"}, Anchor: pattern(t, `Enrich\.map$`)}
	on := events.Analysis{Findings: []events.Finding{finding(nil)}}
	for name, c := range map[string]struct {
		f    events.Finding
		want int
	}{
		"the same place":        {finding(func(f *events.Finding) { f.Rule, f.Fingerprint = "U1", "u1" }), 0},
		"the same kind of work": {finding(func(f *events.Finding) { f.Fingerprint, f.Anchor = "x", "x.Y.z" }), 0},
		"info elsewhere": {finding(func(f *events.Finding) {
			f.Fingerprint, f.Anchor, f.Category, f.Severity = "x", "x.Y.z", "gc", events.SeverityInfo
		}), 0},
		"a warning elsewhere": {finding(func(f *events.Finding) { f.Fingerprint, f.Anchor, f.Category = "x", "x.Y.z", "gc" }), 1},
	} {
		if got := Replaced(&truth, on, events.Analysis{Findings: []events.Finding{c.f}}); len(got) != c.want {
			t.Errorf("%s: %q, want %d", name, got, c.want)
		}
	}
}

func TestJaccard(t *testing.T) {
	of := func(prints ...string) (a events.Analysis) {
		for _, p := range prints {
			a.Findings = append(a.Findings, finding(func(f *events.Finding) { f.Fingerprint = p }))
		}
		return a
	}
	for _, c := range []struct {
		all  []events.Analysis
		want float64
	}{
		{[]events.Analysis{of(), of()}, 1},
		{[]events.Analysis{of("a", "b"), of("b", "a"), of("a", "b")}, 1},
		{[]events.Analysis{of("a", "b"), of("a"), of("a", "b")}, 0.5},
		{[]events.Analysis{of("a"), of("b")}, 0},
	} {
		if got := Jaccard(c.all, events.SeverityNone); got != c.want {
			t.Errorf("likeness %v, want %v", got, c.want)
		}
	}
	if got := Jaccard([]events.Analysis{of("a"), of("b")}, events.SeverityCritical); got != 1 {
		t.Errorf("warnings are not critical: %v", got)
	}
}

func TestLoadCases(t *testing.T) {
	write := func(t *testing.T, name, text string) string {
		t.Helper()
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "c"), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "c", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	flat := `{"modes": ["WALL"], "anchor": "Foo\\.bar", "rule": "A1", "cause": "x", "vertex": "^v$", "fix": "async", "must_not": ["gc"], "extra": 1}`
	cases, err := LoadCases(write(t, "truth.json", flat), false)
	if err != nil {
		t.Fatal(err)
	}
	c := cases[0]
	if c.Name != "c" || c.Truth.Rule[0] != "A1" || !c.Truth.Anchor.In("Foo.bar") || !c.Truth.MustNot.In("gc") || c.Modes[0] != events.ModeWall {
		t.Errorf("case %+v", c)
	}
	for name, text := range map[string]string{
		"a typo": "truth: {rule: A1, ancor: x}", "not a pattern": "truth: {rule: A1, anchor: '('}", "no truth": "name: x",
	} {
		if _, err := LoadCases(write(t, "truth.yaml", text), true); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := LoadCases(t.TempDir(), true); err == nil {
		t.Error("an empty folder is accepted")
	}
}
