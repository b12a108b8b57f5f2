package flamegraphtest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"

	"squirrly.dev/internal/flamegraph"
)

// Hostile are pages of at most so many bytes that take as much memory as they can within the limits of [flamegraph.Parse], by what
// they have most of. The bytes are those before it is compressed.
var Hostile = map[string]func(size int) []byte{
	"names":    names,
	"counts":   counts,
	"deep":     deep,
	"siblings": siblings,
	"packed":   packed,
	"short":    short,
}

// names has as many distinct names as a page may have, each long in memory and short in the page, and frames as far as there
// is room.
func names(size int) []byte {
	const (
		shared = 223       // bytes that a name can share with the one before
		most   = 1_000_000 // distinct names of a page
	)
	n := min(most-1-len(task), size/16)
	p := &page{text: make([]byte, 0, size), size: size, frames: 1 + len(task)}
	p.add("<h1>Wall clock profile</h1>\nconst cpool = [\n'all',\n' ", task[0], "',\n' ", task[1], "',\n' ", strings.Repeat("n", shared), "'")
	for i := range n - 1 {
		p.add(",\n'", string([]byte{' ' + shared}), fmt.Sprintf("%x", i), "'")
	}
	p.tasks()
	for i := 0; p.room(); i++ {
		first := len(task) + 1 + i%(n-1)
		if i == 0 {
			p.call("u(", key(first, 1), 1, 1, 0, 0)
		} else {
			p.call("n(", key(first, 1), 1, 1, 0, 0)
		}
		p.add(")\n")
	}
	return p.end()
}

// counts has frames with counts of their own.
func counts(size int) []byte {
	p := begin(flamegraph.HTML3, size, append(task[:2:2], "a"))
	for call := "u("; p.room(); call = "n(" {
		p.call(call, key(2, 1), 2, 1, 0, 0)
		p.add(")\n")
	}
	return p.end()
}

// deep has stacks of as many frames as one may have.
func deep(size int) []byte {
	const deepest = 4096
	p := begin(flamegraph.HTML3, size, append(task[:2:2], "a", "b"))
	for p.room() {
		p.call("f(", key(2, 1), len(task)+1, 1, 1)
		p.add(")\n")
		for level := len(task) + 2; level <= deepest && p.room(); level++ {
			p.call("u(", key(2+level%2, 1))
			p.add(")\n")
		}
	}
	return p.end()
}

// siblings has one frame with all others right below it, no two of the same name next to each other.
func siblings(size int) []byte {
	const distinct = 4096
	all := task[:2:2]
	for i := range distinct {
		all = append(all, fmt.Sprintf("com/example/A.m%d", i))
	}
	p := begin(flamegraph.HTML3, size, all)
	for i, call := 0, "u("; p.room(); i, call = i+1, "n(" {
		p.call(call, key(len(task)+i*2531%distinct, 1), 1)
		p.add(")\n")
	}
	return p.end()
}

// packed is a page of few bytes that unpacks into a large one.
func packed(size int) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(deep(size)) // to memory
	_ = w.Close()
	return out.Bytes()
}

// short is a page of [flamegraph.HTML2] with as many frames as fit.
func short(size int) []byte {
	p := begin(flamegraph.HTML2, size, nil)
	for left := 0; p.room(); left++ {
		p.call("f(", len(task)+1+left%2, left/2, 1, 1)
		p.add(",'", string(rune('a'+left%26)), "'")
		p.add(")\n")
	}
	return p.end()
}

// Endless writes a page that has no end, until w fails, and returns that error.
func Endless(w io.Writer) error {
	p := begin(flamegraph.HTML2, 1<<10, nil)
	if _, err := w.Write(p.text); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	block := &page{}
	for range 1 << 12 {
		block.call("f(", 1, 0, 1, 1)
		block.add(",'com/example/Endless.run')\n")
	}
	for {
		if _, err := w.Write(block.text); err != nil {
			return fmt.Errorf("write page: %w", err)
		}
	}
}
