package diagnosis_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
	"squirrly.dev/test/diagnosis"
)

// captured reads a recording and analyzes it by the rules of today.
func captured(t *testing.T, dir string) []diagnosis.Captured {
	t.Helper()
	if _, err := os.Stat(dir); err != nil {
		t.Fatalf("no recording: %v", err)
	}
	in, err := analyzer.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, err := diagnosis.Rules(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return []diagnosis.Captured{{Input: in, Analysis: a}}
}

// asked are the cases that language models are let loose on as well, with so many answers of the shotgun; the command models does
// so with all of them.
var asked = map[string]int{"generic-event": 1, "http-lookup": 1, "sql-agg": 1, "timer-storm": 1}

// The planted fault of every case is found in its recording, and its fix is seen.
func TestRecorded(t *testing.T) {
	cases, err := diagnosis.LoadCases("cases", true)
	if err != nil {
		t.Fatal(err)
	}
	const all = 27
	if len(cases) != all {
		t.Errorf("%d cases, want %d", len(cases), all)
	}
	promises := 0
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			run := diagnosis.Run{
				Case: &c, Flink: "recorded",
				Bad:  captured(t, filepath.Join("recorded", c.Name, "bad")),
				Good: captured(t, filepath.Join("recorded", c.Name, "good")),
			}
			if absent, err := diagnosis.Present(&c, run.Bad[0].Input); err != nil || absent != "" {
				t.Fatalf("the fault is not in the recording: %s %v", absent, err)
			}
			steps, ok := asked[c.Name]
			if !ok {
				steps = diagnosis.NoModels
			}
			row, err := diagnosis.Measure(t.Context(), &run, nil, steps)
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range append(run.Bad, run.Good...) {
				promises += promised(t, &one.Analysis)
			}
			for _, m := range row.Misses {
				t.Errorf("%s\n%s", m, run.Bad[0].Analysis.Verdict.Headline)
			}
		})
	}
	if promises < all {
		t.Errorf("%d findings promise a speed-up: too few to compare", promises)
	}
	t.Logf("%d findings promise a speed-up", promises)
}

// promised looks whether what people are told of a new finding promises no more speed than the verdict, which names the
// limit behind it, and than the finding itself.
func promised(t *testing.T, a *events.Analysis) (promises int) {
	t.Helper()
	for _, f := range a.Findings {
		g, words := f.Gain(), wording.Gain(f.Gain())
		if !strings.HasPrefix(words, "up to") {
			continue
		}
		if v := a.Verdict; v.Bound > 0 && (v.NextLimit != "" || v.Anchor == f.Anchor) && g.Bound > v.Bound+1e-9 {
			t.Errorf("%s: a new finding %q promises %s, the verdict says %s", a.JobName, f.Title, words, v.Text())
		}
		if most := wording.Times(g.Bound); !strings.Contains(f.Recommendation.Impact, most) {
			t.Errorf("%s: a new finding %q promises %s, itself %q", a.JobName, f.Title, words, f.Recommendation.Impact)
		}
		promises++
	}
	return promises
}

// TestUnrecorded reads the cases without a recording as strictly as the others, and the truth about captures of public jobs.
func TestUnrecorded(t *testing.T) {
	for _, dir := range []string{"unrecorded", "public"} {
		cases, err := diagnosis.LoadCases(dir, true)
		if err != nil {
			t.Fatal(err)
		}
		for i := range cases {
			if c := &cases[i]; c.Name != filepath.Base(c.Dir) || len(c.Truth.Rule) == 0 && !c.Truth.Negative() {
				t.Errorf("%s: name %s, rules %v", c.Dir, c.Name, c.Truth.Rule)
			}
		}
	}
}
