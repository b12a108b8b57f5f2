package analyzer

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/flamegraph/flamegraphtest"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/page"
)

// peak is how much more of the heap was in use at most while do ran, in bytes.
func peak(do func()) int64 {
	const garbage = 5 // percent of the heap, before it is collected
	defer debug.SetGCPercent(debug.SetGCPercent(garbage))
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, most := m.HeapAlloc, m.HeapAlloc
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}()
	do()
	close(stop)
	<-done
	return int64(most - before)
}

// What an analysis takes is below the weight of its pages, such as real ones and such as are made to take much, alone and together.
func TestWeight(t *testing.T) {
	const (
		size   = 4 << 20
		anyway = 12 << 20 // of any analysis and of the collector of garbage; the budget of a process leaves that out
	)
	s, err := New(Config{LLM: LLMConfig{Provider: ProviderRules}}, Deps{})
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string][]byte{
		"HTML2": flamegraphtest.Real(flamegraph.HTML2, size, 1), "HTML3": flamegraphtest.Real(flamegraph.HTML3, size, 1),
	}
	for name, page := range flamegraphtest.Hostile {
		pages[name] = page(size)
	}
	warm := Input{Pages: []Page{{JVM: "tm", Mode: events.ModeWall, Body: flamegraphtest.Real(flamegraph.HTML2, 100<<10, 1)}}}
	if _, err := s.pipeline.Diagnose(warm); err != nil { // what is made once for all
		t.Fatal(err)
	}
	for name, body := range pages {
		for n := 1; n <= 3; n += 2 {
			var sizes []flamegraph.Size
			var in Input
			for i := range n {
				m, err := flamegraph.Measure(bytes.NewReader(body), flamegraph.Limits{})
				if err != nil {
					t.Fatal(err)
				}
				sizes = append(sizes, m)
				in.Pages = append(in.Pages, Page{JVM: fmt.Sprint("tm-", i), Mode: events.ModeWall})
			}
			weight := page.Weight(sizes...)
			took := peak(func() {
				for i := range in.Pages {
					in.Pages[i].ParseFrom(bytes.NewReader(body))
				}
				if _, err := s.pipeline.Diagnose(in); err != nil {
					t.Error(err)
				}
			})
			t.Logf("%d pages %s: %d MiB of %d", n, name, took>>20, weight>>20)
			if took > weight+anyway {
				t.Errorf("%d pages %s take %d MiB, their weight is %d", n, name, took>>20, weight>>20)
			}
		}
	}
}
