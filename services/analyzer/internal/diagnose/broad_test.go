package diagnose

import (
	"slices"
	"testing"
)

// TestBroadRulesYield: the negative profiles of broad rules hold what a more precise rule explains.
func TestBroadRulesYield(t *testing.T) {
	for broad, precise := range map[string]string{
		"D3": "B11", // a record serialized on its way out
		"D4": "A6",  // an expression compiled for each broadcast record
		"E5": "E1",  // pages touched by the collector
		"E6": "D3",  // a record copied into a buffer of the shuffle: one broad rule overrides another
	} {
		got := fired(diagnoseOK(t, profileOf(t, broad, "negative")))
		if !slices.Contains(got, precise) || slices.Contains(got, broad) {
			t.Errorf("%s: fired %v, want %s and not %s", broad, got, precise, broad)
		}
	}
}
