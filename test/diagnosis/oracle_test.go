package diagnosis_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
	"squirrly.dev/test/diagnosis"
	"squirrly.dev/test/oracle"
	"squirrly.dev/test/oracle/generated"
)

// analysisOf is the analysis of a folder by the rules, as JSON.
func analysisOf(t *testing.T, dir string) []byte {
	t.Helper()
	in, err := analyzer.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, err := diagnosis.Rules(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func recount(t *testing.T, dir string, analysis []byte) *oracle.Result {
	t.Helper()
	folder, err := oracle.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := oracle.Recount(analysis, folder.Page)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Every number of the analyses of all recordings is that of the pages.
func TestOracle_Recordings(t *testing.T) {
	dirs, err := filepath.Glob("recorded/*/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, dir := range dirs {
		t.Run(strings.TrimPrefix(dir, "recorded/"), func(t *testing.T) { agrees(t, dir) })
	}
}

func agrees(t *testing.T, dir string) {
	t.Helper()
	r := recount(t, dir, analysisOf(t, dir))
	if r.Facts == 0 {
		t.Error("nothing was counted again")
	}
	for _, d := range r.Disagreements {
		t.Errorf("%s %s: %s", d.Kind, d.Of, d.What)
	}
}

// The same of pages that no job left, in both dialects.
func TestOracle_Generated(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { agrees(t, capturesOf(t, seed)) })
	}
}

// capturesOf is a folder with two generated captures of one TaskManager.
func capturesOf(t *testing.T, seed uint64) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "captures"), 0o750); err != nil {
		t.Fatal(err)
	}
	page := generated.Older
	if seed%2 == 1 {
		page = generated.Newer
	}
	var refs []map[string]any
	for i, mode := range []string{"ITIMER", "WALL"} {
		name := "tm-1-" + mode + ".html"
		text := page("CPU profile", generated.Stacks(2*seed+uint64(i), 3000))
		if mode == "WALL" {
			text = page("Wall clock profile", generated.Stacks(2*seed+uint64(i), 3000))
		}
		if err := os.WriteFile(filepath.Join(dir, "captures", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		refs = append(refs, map[string]any{"jvm": "tm-1", "mode": mode, "status": "stored", "key": "run/captures/" + name})
	}
	manifest, err := json.Marshal(map[string]any{
		"schema": "squirrly.manifest.v1", "run": "r", "captures": refs, "plan": map[string]any{"duration": "30s"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "manifest-1.json"), manifest, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Faults that were made once are found when they are made again, in a copy of an analysis that is otherwise as it was: the
// text, the value and the count of the fact agree with each other, and only the pages refute them.
func TestOracle_SeededFaults(t *testing.T) {
	dir := capturesOf(t, 1)
	text := analysisOf(t, dir)
	pages := map[events.Mode]*oracle.Page{}
	for _, mode := range []events.Mode{events.ModeITimer, events.ModeWall} {
		p, err := oracle.ReadPage(filepath.Join(dir, "captures", "tm-1-"+string(mode)+".html"))
		if err != nil {
			t.Fatal(err)
		}
		pages[mode] = p
	}
	frames := func(a *events.Analysis) (all []*events.Fact) {
		for i := range a.Evidence {
			if f := &a.Evidence[i]; f.Count != nil && f.Frame != "" && len(f.Count.Match) > 0 && f.Count.Samples > 0 {
				all = append(all, f)
			}
		}
		return all
	}
	faults := map[string]func(a *events.Analysis) bool{
		"a pooled count under its largest member": func(a *events.Analysis) bool {
			f := frames(a)
			return len(f) > 1 && say(f[0], f[0].Count.Samples+f[1].Count.Samples, 0)
		},
		"a frame less what another rule took": func(a *events.Analysis) bool {
			f := frames(a)
			return len(f) > 1 && say(f[0], max(0, f[0].Count.Samples-f[1].Count.Samples), 0)
		},
		"recursion counted twice": func(a *events.Analysis) bool {
			for i := range a.Evidence { // lines of trees, too: few other frames call themselves
				f := &a.Evidence[i]
				if f.Count == nil || f.Frame == "" || f.Count.Samples == 0 || pages[f.Mode] == nil {
					continue
				}
				if more := again(pages[f.Mode], f.Frame); more > 0 {
					return say(f, f.Count.Samples+more, 0)
				}
			}
			return false
		},
		"a wrong denominator": func(a *events.Analysis) bool {
			for _, f := range frames(a) {
				if all := total(pages[f.Mode], ""); f.Count.Of != nil && f.Count.Of.Samples != all {
					return say(f, f.Count.Samples, all)
				}
			}
			return false
		},
		"idle excluded in a CPU mode": func(a *events.Analysis) bool {
			idle := total(pages[events.ModeITimer], "java.util.concurrent.ThreadPoolExecutor.getTask")
			for i := range a.Evidence {
				f := &a.Evidence[i]
				if f.Mode == events.ModeITimer && f.Count != nil && f.Count.Of != nil && f.Count.Of.Samples > idle {
					return say(f, f.Count.Samples, f.Count.Of.Samples-idle)
				}
			}
			return false
		},
	}
	for name, seed := range faults {
		var a events.Analysis
		if err := json.Unmarshal(text, &a); err != nil {
			t.Fatal(err)
		}
		if !seed(&a) {
			t.Errorf("%s: there is no fact to seed it into", name)
			continue
		}
		seeded, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(seeded, text) {
			t.Errorf("%s: nothing was changed", name)
		}
		before, after := recount(t, dir, text), recount(t, dir, seeded)
		if len(after.Disagreements) <= len(before.Disagreements) {
			t.Errorf("%s is not found", name)
		}
	}
}

// say makes a fact say n, and of of where it is not 0, in all its places.
func say(f *events.Fact, n, of int64) bool {
	swap := func(old, now int64) {
		for _, form := range []string{strconv.FormatInt(old, 10), grouped(old)} {
			f.Text = regexp.MustCompile(`\b`+form+`\b`).ReplaceAllString(f.Text, grouped(now))
		}
	}
	swap(f.Count.Samples, n)
	f.Samples, f.Count.Samples = n, n
	if f.Count.Of != nil && of != 0 {
		swap(f.Count.Of.Samples, of)
		f.Count.Of.Samples = of
	}
	if f.Unit == "share" && f.Count.Of != nil {
		f.Value = float64(n) / float64(f.Count.Of.Samples)
	}
	if f.Unit == "samples" {
		f.Value = float64(n)
	}
	return true
}

func grouped(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}

// again is how many samples more a frame has when each of its calls counts, however often it calls itself.
func again(p *oracle.Page, frame string) int64 {
	var sum int64
	for _, s := range p.Stacks {
		calls := int64(0)
		for _, f := range s.Frames {
			if f.Name == frame {
				calls++
			}
		}
		sum += max(0, calls-1) * s.N
	}
	return sum
}

// total is the number of samples that hold a frame, and of all without one.
func total(p *oracle.Page, frame string) int64 {
	var sum int64
	for _, s := range p.Stacks {
		for _, f := range s.Frames {
			if frame == "" || f.Name == frame {
				sum += s.N
				break
			}
		}
	}
	return sum
}
