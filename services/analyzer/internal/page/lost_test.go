package page_test

import (
	"testing"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/page"
)

// TestPage_Lost says why there is no page, and nothing where there is one.
func TestPage_Lost(t *testing.T) {
	t.Parallel()
	c := events.CaptureRef{JVM: "tm-1", Mode: events.ModeAlloc, Status: events.CaptureLost}
	for name, test := range map[string]struct {
		change func(*events.CaptureRef)
		want   string
	}{
		"refused": {func(c *events.CaptureRef) {
			c.Code, c.Note, c.Hint = events.CodeModeRefused, "No AllocTracer symbols found. Are JDK debug symbols installed?", "Install them."
		}, "The ALLOC profile of tm-1: refused: No AllocTracer symbols found. Are JDK debug symbols installed? Install them."},
		"gone":             {func(c *events.CaptureRef) { c.Note = "the TaskManager is gone" }, "The ALLOC profile of tm-1: the TaskManager is gone."},
		"of an older run":  {func(*events.CaptureRef) {}, ""},
		"stored, replaced": {func(c *events.CaptureRef) { c.Status, c.Note = events.CaptureStored, "CPU was refused: x" }, ""},
	} {
		c := c
		test.change(&c)
		p := page.Of(c, time.Second)
		if got := p.Lost(); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
