package compare_test

import (
	"encoding/json"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/compare"
)

// FuzzCompare takes any two analyses: the result can be written, and a run compared with itself has no effect.
func FuzzCompare(f *testing.F) {
	for _, r := range []run{bad, good} {
		b, err := json.Marshal(r.analysis())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b), string(b))
	}
	f.Add(`{"usage":{"records":1e308,"busy":1e308},"findings":[{"rule":"A1","te":1e308,"p":-5}]}`, `{"usage":{"records":1e-300,"spread":-1}}`)
	f.Add(`{"costs":[{"rule":"A1","te":1e308,"samples":-3}],"findings":[{"rule":"A1","samples":-9,"mode":"WALL"}]}`, `{}`)
	f.Fuzz(func(t *testing.T, before, after string) {
		var a, b events.Analysis
		if json.Unmarshal([]byte(before), &a) != nil || json.Unmarshal([]byte(after), &b) != nil {
			return // no analyses
		}
		if _, err := json.Marshal(compare.Compare(a, b)); err != nil {
			t.Error(err)
		}
		if same := compare.Compare(a, a); same.Effect == events.EffectHelped || same.Effect == events.EffectWorse {
			t.Errorf("compared with itself: %s, %+v", same.Summary, same.Changes)
		}
	})
}
