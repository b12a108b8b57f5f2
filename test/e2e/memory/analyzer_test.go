package memory_test

import (
	"fmt"
	"testing"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/flamegraph/flamegraphtest"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/pkg/events"
)

func ordinaryPage(t *testing.T) []byte {
	t.Helper()
	page, err := flinktest.Page("1.20.5", string(events.ModeWall))
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// Four runs with one of the largest pages each come at once, and one run with four.
func TestAnalyzer_LargestPages(t *testing.T) {
	w := newWorld(t, artifact.S3Config{})
	page := ordinaryPage(t)
	var runs []string
	var all [][]byte
	for i := range 4 {
		dialect := []flamegraph.Dialect{flamegraph.HTML2, flamegraph.HTML3}[i%2]
		large := flamegraphtest.Real(dialect, flamegraphtest.MaxBytes, uint64(i))
		runs = append(runs, w.captured(fmt.Sprint("large-", i), large), w.captured(fmt.Sprint("ordinary-", i), page))
		all = append(all, large)
	}
	runs = append(runs, w.captured("all", all...))
	p := w.start("analyzer")
	for _, id := range runs {
		w.until(id, events.StateAnalyzed)
	}
	p.holds("four of the largest pages")
}

// Pages that are made to take as much memory as they can end with a result or with the reason, and those beside them well.
func TestAnalyzer_HostilePages(t *testing.T) {
	w := newWorld(t, artifact.S3Config{})
	page := ordinaryPage(t)
	var ordinary []string
	hostile := map[string]string{}
	for name, make := range flamegraphtest.Hostile {
		hostile[name] = w.captured("hostile-"+name, make(flamegraphtest.MaxBytes))
		ordinary = append(ordinary, w.captured("ordinary-"+name, page))
	}
	p := w.start("analyzer")
	for _, id := range ordinary {
		w.until(id, events.StateAnalyzed)
	}
	for name, id := range hostile {
		rec := w.until(id, events.StateAnalyzed, events.StateFailed)
		if rec.State == events.StateFailed && rec.Outcome.Code != events.CodeBadProfile {
			t.Errorf("%s: %+v", name, rec.Outcome)
		}
	}
	p.holds("pages made to fill it")
}
