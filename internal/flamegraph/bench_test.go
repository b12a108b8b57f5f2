package flamegraph_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"squirrly.dev/internal/flamegraph"
)

// bigPage makes a page of about size bytes with the shape of a real one: deep
// stacks of long names, of which a few thousand are distinct.
func bigPage(dialect flamegraph.Dialect, size int) []byte {
	const distinct, depth, total = 4096, 60, 1 << 40
	random := rand.New(rand.NewPCG(1, 2))
	var names [distinct]string
	var pool strings.Builder
	for i := range names {
		names[i] = fmt.Sprintf("org/apache/flink/streaming/runtime/p%02d/SomeOperator%04d.processElement", i%64, i)
		pool.WriteString(",\n' " + names[i] + "'")
	}
	page := make([]byte, 0, size+size/8)
	call := func(f string, args ...int) {
		page = append(page, f...)
		for i, a := range args {
			if i > 0 {
				page = append(page, ',')
			}
			page = strconv.AppendInt(page, int64(a), 10)
		}
	}
	left, last := 0, 0
	for len(page) < size {
		stack := 1 + random.IntN(1_000_000)
		width := stack
		for level := 1; level < depth && width > 0; level++ {
			i, kind := random.IntN(distinct), 1+random.IntN(5)/4
			switch {
			case dialect == flamegraph.HTML2:
				call("f(", level, left, width, kind)
				page = append(append(page, ",'"...), names[i]+"'"...)
			case level == 1:
				call("f(", (i+1)<<3|kind, level, last, width)
			default:
				call("u(", (i+1)<<3|kind, width)
			}
			page = append(page, ")\n"...)
			width -= width / 8
		}
		left, last = left+stack, stack
	}
	frames := string(bytes.TrimSuffix(page, []byte("\n")))
	if dialect == flamegraph.HTML2 {
		return []byte(html2(fmt.Sprintf("f(0,0,%d,3,'all')\n%s", total, frames)))
	}
	return []byte(html3(pool.String(), fmt.Sprintf("n(3,%d)\n%s", total, frames)))
}

func benchmarkParse(b *testing.B, page []byte) {
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	var frames int
	for b.Loop() {
		g, err := flamegraph.Parse(bytes.NewReader(page), flamegraph.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		frames = g.Len()
	}
	b.ReportMetric(float64(frames), "frames")
}

func BenchmarkParse_HTML2(b *testing.B) { benchmarkParse(b, bigPage(flamegraph.HTML2, 16<<20)) }

func BenchmarkParse_HTML3(b *testing.B) { benchmarkParse(b, bigPage(flamegraph.HTML3, 16<<20)) }

func BenchmarkParse_Collapsed(b *testing.B) {
	g, err := flamegraph.Parse(bytes.NewReader(bigPage(flamegraph.HTML2, 2<<20)), flamegraph.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	var out bytes.Buffer
	if err := g.WriteCollapsed(&out); err != nil {
		b.Fatal(err)
	}
	benchmarkParse(b, out.Bytes())
}

func BenchmarkMerge(b *testing.B) {
	g, err := flamegraph.Parse(bytes.NewReader(bigPage(flamegraph.HTML2, 16<<20)), flamegraph.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		flamegraph.Merge(g, g)
	}
	b.ReportMetric(float64(g.Len()), "frames")
}

// A page of 50 MB fits well into a small container.
func TestParse_Memory(t *testing.T) {
	for _, dialect := range []flamegraph.Dialect{flamegraph.HTML2, flamegraph.HTML3} {
		page := bigPage(dialect, 50<<20)
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		g, err := flamegraph.Parse(bytes.NewReader(page), flamegraph.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		// Everything allocated, garbage included, is an upper bound of the peak.
		mb := (after.TotalAlloc - before.TotalAlloc) >> 20
		t.Logf("%s of %d MB: %d frames, %d MB allocated", dialect, len(page)>>20, g.Len(), mb)
		if mb > 200 {
			t.Errorf("%s: %d MB allocated", dialect, mb)
		}
	}
}
