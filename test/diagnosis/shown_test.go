package diagnosis_test

import (
	"path/filepath"
	"testing"

	"squirrly.dev/services/analyzer"
	"squirrly.dev/test/diagnosis"
)

// TestMapOf: the map of each recording keeps to its budget, and its call trees show the frames that decide, of the variant with the
// fix as well where it still has them.
func TestMapOf(t *testing.T) {
	cases, err := diagnosis.LoadCases("cases", true)
	if err != nil {
		t.Fatal(err)
	}
	decided := 0
	for i := range cases {
		for _, variant := range []string{"bad", "good"} {
			dir := filepath.Join("recorded", cases[i].Name, variant)
			in, err := analyzer.Folder(dir)
			if err != nil {
				t.Fatal(err)
			}
			m, err := diagnosis.MapOf(dir, in, &cases[i].Truth)
			if err != nil {
				t.Fatal(err)
			}
			const least, most = 0.02, 8000
			if m.Known && m.Decisive.Share >= least {
				decided++
				if !m.Decisive.Trees {
					t.Errorf("%s: the frames of the truth (%.1f %%) are in no call tree", dir, 100*m.Decisive.Share)
				}
			}
			if n := m.Parts["whole"]; n > most || m.Answer == 0 {
				t.Errorf("%s: %d tokens, an answer of %d", dir, n, m.Answer)
			}
		}
	}
	const want = 33 // of 46: the others have no such frame, or next to none of it
	if decided < want {
		t.Errorf("%d runs have frames that decide, want %d", decided, want)
	}
}
