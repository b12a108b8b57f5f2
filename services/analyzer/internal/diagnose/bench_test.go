package diagnose

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/pkg/events"
)

// megabyte returns the recorded page, varied until a page of it would have about 1 MB: at the recorded size per frame.
func megabyte(b *testing.B, mode events.Mode) Capture {
	b.Helper()
	c := recorded(b, "1.20.5", mode)
	want := c.Graph.Len() * (1 << 20) / int(c.Bytes)
	var stacks bytes.Buffer
	if err := c.Graph.WriteCollapsed(&stacks); err != nil {
		b.Fatal(err)
	}
	var text strings.Builder
	for i := 0; c.Graph.Len() < want; i++ {
		for line := range strings.Lines(stacks.String()) {
			fmt.Fprint(&text, strings.Replace(line, ";", fmt.Sprintf(";com/shop/Variant%d.run;", i), 1))
		}
		g, err := flamegraph.Parse(strings.NewReader(text.String()), flamegraph.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		c.Graph = g
	}
	return c
}

func BenchmarkDiagnose1MB(b *testing.B) {
	in := Input{Context: recordedContext(b, "1.20.5"), Captures: []Capture{megabyte(b, events.ModeITimer)}}
	b.ReportMetric(float64(in.Captures[0].Graph.Len()), "frames")
	for b.Loop() {
		if _, err := Diagnose(in); err != nil {
			b.Fatal(err)
		}
	}
}
