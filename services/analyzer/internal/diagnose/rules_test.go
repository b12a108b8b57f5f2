package diagnose

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// profileOf reads the profiles of a rule: collapsed stacks with the short forms of the tests. A rule that sees locks or
// allocations has a page of that mode, too, beside the one that its time comes from.
func profileOf(t *testing.T, rule, kind string) Input {
	t.Helper()
	families := mechanisms.Default().Mechanism(rule).Modes
	mode := events.ModeWall
	if families[0] == mechanisms.FamilyCPU || families[0] == mechanisms.FamilyAlloc {
		mode = events.ModeITimer
	}
	in := Input{Captures: []Capture{pageOf(t, rule+"."+kind, mode)}}
	if slices.Contains(families, mechanisms.FamilyAlloc) {
		in.Captures = append(in.Captures, pageOf(t, rule+"."+kind+".alloc", events.ModeAlloc))
	}
	if slices.Contains(families, mechanisms.FamilyLock) {
		in.Captures = append(in.Captures, pageOf(t, rule+"."+kind+".lock", events.ModeLock))
	}
	return in
}

func pageOf(t *testing.T, name string, mode events.Mode) Capture {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "rules", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return capture("tm-1", mode, graph(t, strings.TrimSpace(string(text))))
}

// fired returns the rules that a result speaks of.
func fired(r Result) []string {
	var out []string
	for _, f := range r.Analysis.Findings {
		out = append(out, f.Rule)
	}
	for _, o := range r.Analysis.Observations {
		if _, rest, ok := strings.Cut(o.Text, "(rule "); ok {
			id, _, _ := strings.Cut(rest, ")")
			out = append(out, id)
		}
	}
	return out
}

// byOtherMeans are the rules without frames, and the tests that cover them.
var byOtherMeans = map[string]string{
	"D2": "TestBlockedSink", "D20": "TestTwoTaskManagersAndSkew", "D24": "TestUnchained", "E7": "TestUnnamed", "S1": "TestStarvedJob",
	"S2": "TestRestarts", "C20": "TestConditions", "D10": "TestCheckpoints", "D28": "TestCheckpoints", "D29": "TestCheckpoints", "D30": "TestSourceSkew", "D19": "TestWatermarks",
}

func TestEachRule(t *testing.T) {
	for _, r := range mechanisms.Default().Mechanisms {
		if byOtherMeans[r.ID] != "" {
			continue
		}
		t.Run(r.ID, func(t *testing.T) {
			positive := diagnoseOK(t, profileOf(t, r.ID, "positive"))
			if got := fired(positive); !slices.Contains(got, r.ID) {
				t.Errorf("positive: fired %v", got)
			}
			for _, id := range r.Overrides {
				if slices.Contains(fired(positive), id) {
					t.Errorf("positive: %s fired although %s overrides it", id, r.ID)
				}
			}
			if f := positive.Analysis.Findings; r.Role != mechanisms.RoleVictim && (len(f) == 0 || f[0].Rule != r.ID) {
				t.Errorf("positive: %s is not the first finding", r.ID)
			}
			if got := fired(diagnoseOK(t, profileOf(t, r.ID, "negative"))); slices.Contains(got, r.ID) {
				t.Errorf("negative: fired %v", got)
			}
			checkForm(t, positive)
			checkAlone(t, &r)
		})
	}
}

// checkAlone: each page of a rule shows it without the others, and one of ALLOC or LOCK alone is never more than a
// remark, because neither counts time.
func checkAlone(t *testing.T, r *mechanisms.Mechanism) {
	t.Helper()
	for _, c := range profileOf(t, r.ID, "positive").Captures {
		alone := diagnoseOK(t, Input{Captures: []Capture{c}})
		if got := fired(alone); !slices.Contains(got, r.ID) {
			t.Errorf("%s alone: fired %v", c.Mode, got)
		}
		if (c.Mode == events.ModeAlloc || c.Mode == events.ModeLock) && alone.Analysis.Severity != events.SeverityInfo {
			t.Errorf("%s alone: severity %s", c.Mode, alone.Analysis.Severity)
		}
		checkForm(t, alone)
	}
}

func TestPrecedence(t *testing.T) {
	for _, test := range []struct{ rule, winner, loser string }{
		{"A2", "A2", "A4"}, // the HTTP client waits for a future inside
		{"B3", "B2", "B3"}, // the negative profile of B3: a copy between chained operators
		{"C5", "C5", "C1"}, // a list is read by RocksDB.get too
		{"D1", "D1", "A4"}, // the buffer pool waits for a future inside
	} {
		kind := "positive"
		if test.rule == "B3" {
			kind = "negative"
		}
		got := fired(diagnoseOK(t, profileOf(t, test.rule, kind)))
		if !slices.Contains(got, test.winner) || slices.Contains(got, test.loser) {
			t.Errorf("%s: fired %v, want %s and not %s", test.rule, got, test.winner, test.loser)
		}
	}
}

func TestLockProfile(t *testing.T) {
	g := graph(t, "TASK;MAP;com/shop/Cached.map;com/shop/Cache.get;com/shop/Cache 400", "java/lang/Thread.run;com/acme/Pool.run;java/lang/Object 50")
	r := diagnoseOK(t, Input{Captures: []Capture{capture("tm-1", events.ModeLock, g)}})
	f := r.Analysis.Findings
	if len(f) != 1 || f[0].Rule != "A16" || f[0].Frame != "com.shop.Cache" || f[0].Severity != events.SeverityInfo {
		t.Errorf("a LOCK profile proves the lock and not its time: %+v", f)
	}
}
