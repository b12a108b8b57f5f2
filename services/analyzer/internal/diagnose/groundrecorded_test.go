package diagnose_test

import (
	"path/filepath"
	"testing"

	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/input"
	"squirrly.dev/services/analyzer/internal/page"
)

// folders are recordings of jobs with a planted fault and with its fix.
func folders(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("..", "..", "..", "..", "test", "diagnosis", "recorded", "*", "*"))
	if err != nil || len(found) < 40 {
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

// TestGroundOfRecordings counts every fact of every recording again, by another way than the one that wrote it.
func TestGroundOfRecordings(t *testing.T) {
	for _, dir := range folders(t) {
		t.Run(filepath.Base(filepath.Dir(dir))+"/"+filepath.Base(dir), func(t *testing.T) {
			res := analyzed(t, dir)
			g := res.Ground()
			for _, o := range g.Operators() {
				if _, active := g.Count([]string{"no.such.frame"}, o.ID); active != o.Samples {
					t.Errorf("%s has %d samples, and its frames %d", o.Name, o.Samples, active)
				}
			}
			for _, f := range res.Analysis.Evidence {
				var inside, all int64
				counted := false
				for _, o := range g.Operators() {
					in, n, ok := g.Within(f, o.ID)
					if ok {
						inside, all, counted = inside+in, n, true
					}
				}
				if f.Count == nil || f.Count.Idle != "" {
					if counted {
						t.Errorf("%s counts nothing active: %+v", f.ID, f)
					}
					continue
				}
				if !counted || all != f.Count.Samples || inside > all {
					t.Errorf("%s: %d of %d in operators, counted %d: %+v", f.ID, inside, all, f.Count.Samples, f.Count)
				}
			}
		})
	}
}
