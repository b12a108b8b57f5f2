package diagnose_test

import (
	"path/filepath"
	"slices"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/input"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/page"
)

// folders are recordings of jobs with a planted fault.
func folders(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("..", "..", "..", "..", "test", "diagnosis", "recorded", "*", "bad"))
	if err != nil || len(found) < 20 {
		t.Fatalf("%d recordings: %v", len(found), err)
	}
	return found
}

func analyzed(t *testing.T, dir string) diagnose.Result {
	t.Helper()
	in, err := input.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	read := page.Read(in.Pages)
	res, err := diagnose.Diagnose(diagnose.Input{Captures: read.Captures, Context: in.Context, PricePerCoreHour: 0.05})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// TestGroundOfRecordings counts every fact of every recording again, by another way than the one that wrote it, and looks at
// where findings and what is possible lie.
func TestGroundOfRecordings(t *testing.T) {
	for _, dir := range folders(t) {
		t.Run(filepath.Base(filepath.Dir(dir)), func(t *testing.T) {
			res := analyzed(t, dir)
			g := res.Ground()
			for _, o := range g.Operators() {
				if _, active := g.Count([]string{"no.such.frame"}, o.ID); active < o.Samples { // of the mode with most
					t.Errorf("%s has %d samples, and its frames %d", o.Name, o.Samples, active)
				}
				checkPossible(t, g, &o)
			}
			for _, f := range res.Analysis.Evidence {
				checkCount(t, g, &f)
			}
			for _, f := range res.Analysis.Findings {
				checkPlace(t, g, &f)
			}
		})
	}
}

// within is how many samples of a fact lie in some operators, and how many there are; -1 is unknown.
func within(g *diagnose.Ground, f *events.Fact, of func(*diagnose.Operator) bool) (inside, all int64) {
	all = -1
	for _, o := range g.Operators() {
		if in, n, ok := g.Within(*f, o.ID); ok && of(&o) {
			inside, all = inside+in, n
		}
	}
	return inside, all
}

func checkCount(t *testing.T, g *diagnose.Ground, f *events.Fact) {
	t.Helper()
	inside, all := within(g, f, func(*diagnose.Operator) bool { return true })
	want := int64(-1)
	if f.Count != nil {
		want = f.Count.Samples
	}
	if all != want || inside > max(0, all) {
		t.Errorf("%s: %d of %d in operators, want %d: %+v", f.ID, inside, all, want, f.Count)
	}
}

// checkPlace says that most of the first fact of a finding lies in the operators that name the finding.
func checkPlace(t *testing.T, g *diagnose.Ground, f *events.Finding) {
	t.Helper()
	fact, ok := g.Fact(f.Evidence[0])
	if !ok || fact.Count == nil || fact.Count.AtMost {
		return
	}
	inside, all := within(g, &fact, func(o *diagnose.Operator) bool { return slices.Contains(o.Findings, f.ID) })
	if all <= 0 || inside*10 < all*9 {
		t.Errorf("%s (%s): %d of %d samples lie where it is told: %s", f.ID, f.Rule, inside, all, fact.Text)
	}
}

// checkPossible says that what is possible at an operator is there, that its facts are counted right, and that it is no more
// than that.
func checkPossible(t *testing.T, g *diagnose.Ground, o *diagnose.Operator) {
	t.Helper()
	for i := range o.Possible {
		p := &o.Possible[i]
		rule := mechanisms.Default().Mechanism(p.Mechanism)
		if n, _ := g.Count(rule.Frames, o.ID); n < 10 || p.Samples < 10 || p.Share <= 0 || p.Share > 1 {
			t.Errorf("%s at %s: %d samples, %d of its frames, share %g", p.Mechanism, o.Name, p.Samples, n, p.Share)
		}
		f := &p.Finding
		if f.ID != "" || f.Proof != events.ProofSupported || f.Severity.AtLeast(events.SeverityCritical) || f.Rule != p.Mechanism ||
			f.Fingerprint == "" || f.Where == "" || f.Recommendation.Change == "" || p.Why == "" || p.Proves == "" || rule.Unexplained() {
			t.Errorf("%s at %s: %+v", p.Mechanism, o.Name, f)
		}
		for _, id := range f.Evidence {
			if _, ok := g.Fact(id); !ok {
				t.Errorf("%s at %s rests on %s, which nobody has", p.Mechanism, o.Name, id)
			}
		}
		for j := range p.Facts {
			checkCount(t, g, &p.Facts[j])
		}
	}
}
