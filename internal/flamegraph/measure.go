package flamegraph

import (
	"bytes"
	"fmt"
	"io"
)

// Size says how much there is in a profile, which its bytes do not tell: names
// share prefixes, and the file may be compressed.
type Size struct {
	Dialect Dialect
	Total   uint64 // the width of the root; 0 for collapsed stacks
	Frames  int    // with the root; at most so many for collapsed stacks
	Counts  int    // frames with counts of their own, at most
	Names   int    // distinct names
	Text    int64  // bytes of the distinct names
}

// Measure reads a profile as [Parse] does, with the same limits and errors, and
// keeps nothing of it: it takes at most [MeasureMemory], whatever the file.
// Collapsed stacks are only counted, and not checked. Profiles of pprof cannot
// be measured ([ErrUnsupported]).
func Measure(r io.Reader, limits Limits) (Size, error) {
	limits = limits.withDefaults()
	g, err := parse(r, limits, countNames(limits), measurers)
	if err != nil {
		return Size{}, err
	}
	g.size.Dialect, g.size.Total = g.Dialect, g.Total()
	return g.size, nil
}

// MeasureMemory is what [Measure] takes at most, in bytes, with the default
// [Limits]: 8 bytes for each name in a table that grows by copying, the names of
// the page's pool, and a line.
const MeasureMemory = 64 << 20

var measurers = []parser{parseHTML3, parseHTML2, rejectPprof, rejectForeign, countCollapsed}

func rejectPprof(head []byte, _ *lines, _ *names) (*Graph, error) {
	if looksPprof(head) {
		return nil, fmt.Errorf("%w: a profile of pprof, where a flame graph page is expected", ErrUnsupported)
	}
	return nil, errUnrecognized
}

// countCollapsed counts frames of collapsed stacks as if no two shared any.
func countCollapsed(head []byte, in *lines, names *names) (*Graph, error) {
	if !looksCollapsed(head) {
		return nil, errUnrecognized
	}
	size := Size{Frames: 1}
	for {
		line, err := in.next()
		if err != nil {
			return nil, err
		}
		if line == nil {
			size.Frames = min(size.Frames, in.limits.Frames)
			size.Names, size.Text = names.len(), names.text
			return &Graph{Dialect: Collapsed, size: size}, nil
		}
		for frame := range bytes.SplitSeq(line, []byte(";")) {
			if size.Frames++; len(frame) > in.limits.NameBytes {
				frame = frame[:in.limits.NameBytes]
			}
			if names.len() < in.limits.Names {
				_, _ = names.id(frame) // there is room for it
			}
		}
	}
}
