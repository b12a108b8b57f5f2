package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"squirrly.dev/internal/report"
	"squirrly.dev/pkg/events"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var samples = map[string]func() events.Analysis{"sleep": sleepy, "calm": calm, "degraded": degraded, "hostile": hostile}

var formats = map[string]func(io.Writer, events.Analysis) error{
	"txt":          text(report.Options{}),
	"full.txt":     text(report.Options{Full: true}),
	"sections.txt": text(report.Options{Headings: true}),
	"md":           func(w io.Writer, a events.Analysis) error { return report.Markdown(w, a, report.Options{}) },
	"html":         func(w io.Writer, a events.Analysis) error { return report.HTML(w, a, report.Options{}) },
	"sections.md": func(w io.Writer, a events.Analysis) error {
		return report.Markdown(w, a, report.Options{Headings: true})
	},
	"sections.html": func(w io.Writer, a events.Analysis) error { return report.HTML(w, a, report.Options{Headings: true}) },
	"json":          report.JSON,
}

func text(o report.Options) func(io.Writer, events.Analysis) error {
	return func(w io.Writer, a events.Analysis) error { return report.Text(w, a, o) }
}

func write(t *testing.T, format string, a events.Analysis) string {
	t.Helper()
	var b bytes.Buffer
	if err := formats[format](&b, a); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for name, sample := range samples {
		for format := range formats {
			t.Run(name+"."+format, func(t *testing.T) {
				got := write(t, format, sample())
				path := filepath.Join("testdata", name+"."+format)
				if *update {
					if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("run go test -update if this is right:\n%s", diff)
				}
			})
		}
	}
}

func TestTextFits(t *testing.T) {
	for name, sample := range samples {
		for _, width := range []int{60, 80, 100} {
			var b bytes.Buffer
			if err := report.Text(&b, sample(), report.Options{Width: width}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				if n := len([]rune(line)) - 1; n > max(width, 80) && !strings.Contains(line, "https://") && name != "hostile" {
					t.Errorf("%s at %d columns: a line of %d: %s", name, width, n, line)
				}
				if strings.HasSuffix(line, " \n") {
					t.Errorf("%s: spaces at the end of %q", name, line)
				}
			}
		}
	}
}

func TestTextColorOnlyPaints(t *testing.T) {
	var plain, color bytes.Buffer
	if err := report.Text(&plain, sleepy(), report.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := report.Text(&color, sleepy(), report.Options{Color: true}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(color.String(), "\x1b[1;31mVerdict:") {
		t.Error("the verdict has no colour")
	}
	var stripped strings.Builder
	for part := range strings.SplitSeq(color.String(), "\x1b[") {
		if stripped.Len() > 0 {
			_, part, _ = strings.Cut(part, "m")
		}
		stripped.WriteString(part)
	}
	text := ""
	for line := range strings.Lines(strings.TrimPrefix(stripped.String(), "1m")) {
		text += strings.TrimRight(line, " \n") + "\n"
	}
	if diff := cmp.Diff(plain.String(), text); diff != "" {
		t.Error(diff)
	}
}

func TestJSONIsTheAnalysis(t *testing.T) {
	a := sleepy()
	a.JobName = "a\u202eb\x1bc\u2028d\U000e0001e ✓"
	out := write(t, "json", a)
	var back events.Analysis
	if err := json.Unmarshal([]byte(out), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a, back, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(out, `a\u202eb\u001bc\u2028d\udb40\udc01e ✓`) {
		t.Error("the characters are not escaped")
	}
}

func TestInputStays(t *testing.T) {
	a, want := hostile(), hostile()
	for format := range formats {
		write(t, format, a)
	}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
}

func TestLongAnalysesAreCut(t *testing.T) {
	a := sleepy()
	for range 700 {
		a.Evidence = append(a.Evidence, events.Fact{ID: "X", Text: strings.Repeat("long ", 1000)})
	}
	for format, limit := range map[string]int{"full.txt": 64 << 10, "md": 2 << 20, "html": 2 << 20} {
		out := write(t, format, a)
		if !strings.Contains(strings.Join(strings.Fields(out), " "), "shows the first 500 of 706 facts") {
			t.Errorf("%s: nothing says that facts are left out", format)
		}
		if len(out) > limit {
			t.Errorf("%s: %d bytes", format, len(out))
		}
	}
}

func TestEmptyAnalysis(t *testing.T) {
	for format := range formats {
		if out := write(t, format, events.Analysis{}); out == "" {
			t.Errorf("%s: nothing", format)
		}
	}
}
