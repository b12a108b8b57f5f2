package mechanisms

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/pkg/events"
)

func TestCatalogue_Without(t *testing.T) {
	before := *Default().Mechanism("A1")
	c := Default().Without("A1", "no such rule")
	if r := c.Mechanism("A1"); len(r.Frames) > 0 || r.Severity(1).AtLeast(events.SeverityWarning) {
		t.Errorf("A1 is still on: %+v", r)
	}
	if diff := cmp.Diff(before, *Default().Mechanism("A1")); diff != "" {
		t.Errorf("the catalogue itself changed:\n%s", diff)
	}
	if diff := cmp.Diff(Default().Mechanism("A2"), c.Mechanism("A2")); diff != "" {
		t.Errorf("another rule changed:\n%s", diff)
	}
}
