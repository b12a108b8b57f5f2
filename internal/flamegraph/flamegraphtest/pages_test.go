package flamegraphtest_test

import (
	"bytes"
	"testing"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/flamegraph/flamegraphtest"
)

// Each page is one that is read: what is measured with it is not the refusal.
func TestPages(t *testing.T) {
	pages := map[string]func() []byte{
		"HTML2": func() []byte { return flamegraphtest.Real(flamegraph.HTML2, flamegraphtest.MaxBytes, 1) },
		"HTML3": func() []byte { return flamegraphtest.Real(flamegraph.HTML3, flamegraphtest.MaxBytes, 1) },
	}
	for name, page := range flamegraphtest.Hostile {
		pages[name] = func() []byte { return page(flamegraphtest.MaxBytes) }
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) {
			text := page()
			g, err := flamegraph.Parse(bytes.NewReader(text), flamegraph.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d bytes, %d frames, %d names", len(text), g.Len(), g.NumNames())
			if len(text) > flamegraphtest.MaxBytes || g.Len() < 100_000 {
				t.Errorf("%d bytes, %d frames", len(text), g.Len())
			}
		})
	}
}
