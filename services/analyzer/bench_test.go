package analyzer

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
)

// largePage makes a page of about size bytes, in the dialect of async-profiler 2 or 3, with the shape of a real one: deep
// stacks of long names below the tasks of Flink.
func largePage(dialect, size int) []byte {
	const distinct, depth, total = 4096, 60, 1 << 40
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{"java/lang/Thread.run", "org/apache/flink/runtime/taskmanager/Task.run"}
	for i := len(names); i < distinct; i++ {
		names = append(names, fmt.Sprintf("com/example/p%02d/SomeOperator%04d.processElement", i%64, i))
	}
	var page strings.Builder
	page.Grow(size + size/8)
	if dialect == 2 {
		page.WriteString("<h1>Wall clock profile</h1>\nfunction f(level, left, width, type, title, inln, c1, int) {\n")
		fmt.Fprintf(&page, "f(0,0,%d,3,'all')\nf(1,0,%d,1,'%s')\nf(2,0,%d,1,'%s')\n", total, total, names[0], total, names[1])
	} else {
		page.WriteString("<h1>Wall clock profile</h1>\nconst cpool = [\n'all'")
		for _, name := range names {
			page.WriteString(",\n' " + name + "'")
		}
		fmt.Fprintf(&page, "\n];\nunpack(cpool);\n\nn(3,%d)\nu(%d)\nu(%d)\n", total, 1<<3|1, 2<<3|1)
	}
	call := func(f string, args ...int) {
		page.WriteString(f)
		for i, a := range args {
			if i > 0 {
				page.WriteByte(',')
			}
			page.WriteString(strconv.Itoa(a))
		}
	}
	for left, last := 0, 0; page.Len() < size; {
		stack := 1 + random.IntN(1_000_000)
		width := stack
		for level := 3; level < depth && width > 0; level++ {
			i, kind := 2+random.IntN(distinct-2), 1+random.IntN(5)/4
			switch {
			case dialect == 2:
				call("f(", level, left, width, kind)
				page.WriteString(",'" + names[i] + "'")
			case level == 3:
				call("f(", (i+1)<<3|kind, level, last, width)
			default:
				call("u(", (i+1)<<3|kind, width)
			}
			page.WriteString(")\n")
			width -= width / 8
		}
		left, last = left+stack, stack
	}
	page.WriteString("\nsearch();\n</script></body></html>\n")
	return []byte(page.String())
}

// BenchmarkDiagnosis measures everything between a page in memory and the verdict of the rules.
func BenchmarkDiagnosis(b *testing.B) {
	s, err := New(Config{LLM: LLMConfig{Provider: ProviderRules}}, Deps{})
	if err != nil {
		b.Fatal(err)
	}
	for _, dialect := range []int{2, 3} {
		for _, mb := range []int{12, 50} {
			page := largePage(dialect, mb<<20)
			b.Run(fmt.Sprintf("dialect=%d/MB=%d", dialect, mb), func(b *testing.B) {
				b.SetBytes(int64(len(page)))
				b.ReportAllocs()
				for b.Loop() {
					in := Input{Pages: []Page{{JVM: "tm", Mode: events.ModeWall, Body: page}}}
					if _, err := s.pipeline.Diagnose(in); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
