package diagnose

import (
	"slices"
	"testing"

	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// Every detector has its rule, and every rule that names a detector has that.
func TestDetectorsAndRules(t *testing.T) {
	catalogue := mechanisms.Default()
	known := []string{"running", "waiting", "running-operator", "waiting-operator"} // what no rule explains: the groups themselves
	for _, d := range detectors {
		if d.Rule() == "" {
			continue
		}
		known = append(known, d.Rule())
		if catalogue.By(d.Rule()) == nil {
			t.Errorf("no rule is by %s", d.Rule())
		}
	}
	for _, r := range catalogue.Mechanisms {
		if r.By != "" && !slices.Contains(known, r.By) {
			t.Errorf("rule %s is by %s, which is no detector", r.ID, r.By)
		}
	}
}

// A fact that two findings cite has one number; two lines of a tree that say the same have two.
func TestLedger(t *testing.T) {
	l := newLedger()
	a, b := fact{kind: factVertex}, fact{kind: factVertex}
	b.Text = "map: 97 % busy"
	if first, again, other := l.add(a), l.add(a), l.add(b); first != "V1" || again != "V1" || other != "V2" {
		t.Errorf("got %s, %s and %s", first, again, other)
	}
	if one, two := l.addAnew(b), l.add(b); one != "V3" || two != "V2" {
		t.Errorf("got %s and %s", one, two)
	}
	if len(l.facts) != 3 {
		t.Errorf("%d facts", len(l.facts))
	}
}
