package page

import (
	"bytes"

	"squirrly.dev/internal/flamegraph"
)

// MaxInMemory is the size of a page that is held in memory as it is, in bytes; a larger one is parsed while it is read.
const MaxInMemory = 1 << 20

// What the analysis of a page takes at most, in bytes: the graph, its normalized form, that of all JVMs, and what the rules
// note of each frame. It was measured with pages such as real ones and with pages made to take much; weight_test.go holds it.
const (
	perFrame      = 150 // of a page that is alone
	perFrameOfAll = 180 // of each of several, which are merged
	perCount      = 110
	perName       = 300
	perText       = 3   // names as they are read and as they are compared
	perStack      = 120 // of a frame of collapsed stacks, beside the others
	perPage       = 1 << 20
)

// Weight is what the analysis of pages takes at most, in bytes.
func Weight(pages ...flamegraph.Size) int64 {
	frame := int64(perFrame)
	if len(pages) > 1 {
		frame = perFrameOfAll
	}
	sum := int64(0)
	for _, p := range pages {
		each := frame
		if p.Dialect == flamegraph.Collapsed {
			each += perStack
		}
		sum += perPage + int64(p.Frames)*each + int64(p.Counts)*perCount + int64(p.Names)*perName + p.Text*perText
	}
	return sum
}

// WeightOfMeasuring is what [flamegraph.Measure] takes at most for a page in memory, in bytes.
func WeightOfMeasuring(body []byte) int64 {
	const perByte = 12 // a name has at least four bytes, and takes 24 while their table grows, and an entry of the pool
	if bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		return flamegraph.MeasureMemory // compressed: its size says nothing
	}
	return min(flamegraph.MeasureMemory, perPage+perByte*int64(len(body)))
}
