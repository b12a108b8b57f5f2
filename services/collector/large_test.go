package collector

import (
	"bytes"
	"testing"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/flamegraph/flamegraphtest"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/pkg/events"
)

// Pages that are not held in memory are stored as they are.
func TestRun_LargePages(t *testing.T) {
	const many = 3
	w := newWorld(t, many, modes(events.ModeWall))
	page := flamegraphtest.Real(flamegraph.HTML2, 2<<20, 1)
	for tm := range many {
		w.flink.play(tm, flinktest.Script{Page: page})
	}
	rec := w.finish()
	if rec.State != events.StateCaptured || len(rec.Captures) < 2 {
		t.Fatalf("%s, %d captures: %+v", rec.State, len(rec.Captures), rec.Outcome)
	}
	for _, c := range w.ready().Captures {
		if c.Samples != 1<<40 || !bytes.Equal(w.object(c.ObjectRef), page) {
			t.Errorf("%s: %s, %d samples, %d bytes of %d", c.JVM, c.Status, c.Samples, c.Size, len(page))
		}
	}
}
