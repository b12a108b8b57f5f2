package analyzer_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/flamegraph/flamegraphtest"
	"squirrly.dev/internal/memory"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// serveWithin analyzes with so much memory until the test ends.
func (w *world) serveWithin(b *memory.Budget) {
	w.t.Helper()
	s, err := analyzer.New(analyzer.Config{Slots: 2, Version: "test"}, analyzer.Deps{
		Bus: w.Bus, Store: w.store, Memory: b, Logger: slog.New(slog.NewTextHandler(w.t.Output(), nil)),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Run(ctx) }()
	w.t.Cleanup(func() { cancel(); <-done })
}

// pagesOf is a run with pages, one of a TaskManager each.
func (w *world) pagesOf(id string, pages ...[]byte) {
	w.t.Helper()
	p := events.Plan{
		Run: id, Identity: orders, RestURL: "http://orders-rest:8081", JobID: "j", JobName: "orders",
		Modes: []events.Mode{events.ModeWall}, Duration: events.Duration(seconds * time.Second), Deadline: time.Now().Add(time.Minute), RequestedAt: time.Now(),
	}
	art := events.ArtifactReady{Run: id, Identity: orders}
	for i, body := range pages {
		jvm := "tm-" + string(rune('1'+i))
		ref := w.put(func(sha string) string { return artifact.CaptureKey(orders.Prefix(id), jvm, events.ModeWall, sha) }, body)
		art.Captures = append(art.Captures, events.CaptureRef{JVM: jvm, Mode: events.ModeWall, Status: events.CaptureStored, ObjectRef: ref, Samples: 1})
		art.Manifest = ref
	}
	rec := run.Record{Run: id, State: events.StateCaptured, Plan: p}
	w.tell(rec, art)
}

// Of pages that do not fit into memory together the largest is left out, and the result says so; a run of which none fits is told
// so, and one that fits beside it is analyzed. A page that cannot be parsed counts for nothing.
func TestRun_LittleMemory(t *testing.T) {
	small, middle := flamegraphtest.Real(flamegraph.HTML2, 200<<10, 1), flamegraphtest.Real(flamegraph.HTML2, 3<<20, 2)
	large := flamegraphtest.Real(flamegraph.HTML3, 4<<20, 3)
	w := newWorld(t)
	w.pagesOf(run1, small, middle, large, middle[:2<<20])
	w.pagesOf(run2, large)
	w.serveWithin(memory.New(20 << 20))
	_, an := w.result(run1)
	said := strings.Join(an.Missing, "\n")
	if !strings.Contains(said, "The WALL profile of tm-3: its ") || !strings.Contains(said, "MiB of memory beside the others, and an analysis has 18 here") {
		t.Errorf("missing: %q", an.Missing)
	}
	if !strings.Contains(said, "Tm-4 WALL") || strings.Contains(said, "tm-1:") || strings.Contains(said, "tm-2:") {
		t.Errorf("missing: %q", an.Missing)
	}
	rec := w.until(run2, func(r run.Record) bool { return r.State.Terminal() })
	if rec.Outcome == nil || rec.Outcome.Code != events.CodeBadProfile || !strings.Contains(rec.Outcome.Hint, "GOMEMLIMIT") {
		t.Errorf("%s: %+v", rec.State, rec.Outcome)
	}
}
