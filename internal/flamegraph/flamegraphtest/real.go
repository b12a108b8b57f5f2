// Package flamegraphtest makes flame graph pages of any size for tests and measurements: such as async-profiler writes, and
// such as somebody would write who wants to exhaust the reader.
package flamegraphtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"squirrly.dev/internal/flamegraph"
)

// MaxBytes and MaxFrames are the default limits of [flamegraph.Parse]: no page that is read is larger.
const (
	MaxBytes  = 64 << 20
	MaxFrames = 5_000_000
)

// total is the width of the root: more than all stacks of a page together.
const total = 1 << 40

// task are the frames below the root that make a stack one of a task of Flink.
var task = []string{"java/lang/Thread.run", "org/apache/flink/runtime/taskmanager/Task.run"}

// Real makes a page of at most size bytes, [flamegraph.HTML2] or [flamegraph.HTML3], with the shape of a real one: deep
// stacks of long names, of which a few thousand are distinct, below a task of Flink. It ends earlier where it would have more
// frames than a page may have. The same arguments make the same page; seed tells pages of one size apart.
func Real(dialect flamegraph.Dialect, size int, seed uint64) []byte {
	const distinct, deepest = 4096, 60
	random := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // pages, not keys
	names := slices.Clip(task)
	for i := len(names); i < distinct; i++ {
		names = append(names, fmt.Sprintf("com/example/p%02d/SomeOperator%04d.processElement", i%64, i))
	}
	p := begin(dialect, size, names)
	for left, last := 0, 0; p.room(); {
		stack := 1 + random.IntN(1_000_000)
		width := stack
		for level := len(task) + 1; level < deepest && width > 0 && p.room(); level++ {
			name, kind := len(task)+random.IntN(distinct-len(task)), 1+random.IntN(5)/4
			switch {
			case dialect == flamegraph.HTML2:
				p.call("f(", level, left, width, kind)
				p.add(",'", names[name], "'")
			case level == len(task)+1:
				p.call("f(", key(name, kind), level, last, width)
			default:
				p.call("u(", key(name, kind), width)
			}
			p.add(")\n")
			width -= width / 8
		}
		left, last = left+stack, stack
	}
	return p.end()
}

// key is a name and a kind in one number, as [flamegraph.HTML3] has it.
func key(name, kind int) int { return (name+1)<<3 | kind }

// page is one on the way.
type page struct {
	text   []byte
	size   int // of the page at most
	frames int // so far
}

const foot = "\nsearch();\n</script></body></html>\n"

// begin writes the head of a page and the frames down to the task.
func begin(dialect flamegraph.Dialect, size int, names []string) *page {
	p := &page{text: make([]byte, 0, size), size: size, frames: 1 + len(task)}
	p.add("<!DOCTYPE html>\n<html><body><h1>Wall clock profile</h1>\n<script>\n")
	if dialect == flamegraph.HTML2 {
		p.add("function f(level, left, width, type, title, inln, c1, int) {\n")
		p.add(fmt.Sprintf("f(0,0,%d,3,'all')\n", total))
		for i, name := range task {
			p.add(fmt.Sprintf("f(%d,0,%d,1,'%s')\n", i+1, total, name))
		}
		return p
	}
	p.add("const cpool = [\n'all'")
	for _, name := range names {
		p.add(",\n' ", name, "'")
	}
	p.tasks()
	return p
}

// tasks ends the names of a page of [flamegraph.HTML3] and writes the frames down to the task.
func (p *page) tasks() {
	p.add(fmt.Sprintf("\n];\nunpack(cpool);\n\nn(3,%d)\nu(%d)\nu(%d)\n", total, key(0, 1), key(1, 1)))
}

// room reports whether another frame fits.
func (p *page) room() bool {
	const frame = 128 // bytes of the longest
	return len(p.text)+frame+len(foot) < p.size && p.frames < MaxFrames
}

func (p *page) add(text ...string) {
	for _, t := range text {
		p.text = append(p.text, t...)
	}
}

// call writes the beginning of a call that makes a frame.
func (p *page) call(f string, args ...int) {
	p.frames++
	p.add(f)
	for i, a := range args {
		if i > 0 {
			p.add(",")
		}
		p.text = strconv.AppendInt(p.text, int64(a), 10)
	}
}

func (p *page) end() []byte {
	p.add(foot)
	return p.text
}
