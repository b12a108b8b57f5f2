package flamegraph_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/flamegraph/flamegraphtest"
)

// checkMeasure checks that what is measured is what is read, and that pages are refused alike.
func checkMeasure(t testing.TB, file []byte, limits flamegraph.Limits, g *flamegraph.Graph, refused error) {
	t.Helper()
	size, err := flamegraph.Measure(bytes.NewReader(file), limits)
	if refused != nil {
		if err == nil && size.Dialect != flamegraph.Collapsed {
			t.Fatalf("measured what cannot be read: %+v, %v", size, refused)
		}
		return
	}
	if g.Dialect == flamegraph.Pprof {
		if !errors.Is(err, flamegraph.ErrUnsupported) {
			t.Fatalf("pprof: %v", err)
		}
		return
	}
	if err != nil || size.Dialect != g.Dialect {
		t.Fatalf("measured %+v, %v", size, err)
	}
	text, counts := int64(0), 0
	for id := range g.NumNames() {
		text += int64(len(g.Name(flamegraph.NameID(id))))
	}
	for id, f := range g.All() {
		if f.Kind.IsJava() && g.Counts(id) != kindCounts(f) {
			counts++
		}
	}
	exact := size.Frames == g.Len() && size.Total == g.Total() && size.Counts >= counts && size.Names >= g.NumNames() && size.Text >= text
	bounds := size.Frames >= g.Len() && size.Names+1 >= g.NumNames()
	if g.Dialect != flamegraph.Collapsed && !exact || !bounds {
		t.Fatalf("measured %+v; %d frames of %d, %d names of %d bytes, %d counts", size, g.Len(), g.Total(), g.NumNames(), text, counts)
	}
}

// kindCounts are the counts of a frame whose samples are all of its kind.
func kindCounts(f *flamegraph.Frame) flamegraph.Counts {
	switch f.Kind {
	case flamegraph.Inlined:
		return flamegraph.Counts{Inlined: f.Width}
	case flamegraph.C1:
		return flamegraph.Counts{C1: f.Width}
	case flamegraph.Interpreted:
		return flamegraph.Counts{Interpreted: f.Width}
	default:
		return flamegraph.Counts{}
	}
}

func TestMeasure_SameAsParse(t *testing.T) {
	files, err := filepath.Glob("testdata/*.*l*")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		g, refused := flamegraph.Parse(bytes.NewReader(text), flamegraph.Limits{})
		checkMeasure(t, text, flamegraph.Limits{}, g, refused)
		for _, cut := range []int{len(text) / 3, len(text) - 20} {
			g, refused := flamegraph.Parse(bytes.NewReader(text[:cut]), flamegraph.Limits{})
			checkMeasure(t, text[:cut], flamegraph.Limits{}, g, refused)
		}
	}
}

// Whatever the page, measuring it takes no more than is said.
func TestMeasure_Memory(t *testing.T) {
	for name, page := range flamegraphtest.Hostile {
		text := page(flamegraphtest.MaxBytes)
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		size, err := flamegraph.Measure(bytes.NewReader(text), flamegraph.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		// Everything allocated, garbage included, is an upper bound of the peak.
		took := after.TotalAlloc - before.TotalAlloc
		t.Logf("%s: %+v, %d KiB allocated", name, size, took>>10)
		if took > flamegraph.MeasureMemory {
			t.Errorf("%s: %d MiB allocated", name, took>>20)
		}
	}
}
