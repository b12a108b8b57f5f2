package flamegraph

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// errUnrecognized is the answer of a parser to a file of another form.
var errUnrecognized = errors.New("not of this form")

// headLen is how much of a file decides its form. The templates of
// async-profiler put their script within the first 16 KiB.
const headLen = 64 << 10

// parsers are asked in order. Each looks at the head first and reads on only
// if the file is of its form.
var parsers = []func(head []byte, in *lines, names *names) (*Graph, error){
	parseHTML3,
	parseHTML2,
	parsePprof,
	rejectForeign,
	parseCollapsed,
}

// Parse reads a profile in any dialect. The zero Limits are the defaults. A
// profile without samples is a graph, not an error. Errors wrap
// [ErrUnsupported], [ErrTruncated], [ErrTooLarge], [ErrMalformed] or the error
// of r, and carry the line number where there is one.
func Parse(r io.Reader, limits Limits) (*Graph, error) {
	limits = limits.withDefaults()
	buffered := bufio.NewReaderSize(&boundedReader{r: r, left: limits.Bytes}, headLen)
	head, err := buffered.Peek(headLen)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read profile: %w", err)
	}
	head = bytes.Clone(head) // reading on overwrites the buffer
	in := &lines{in: buffered, limits: limits}
	names := newNames(limits)
	for _, parse := range parsers {
		g, err := parse(head, in, names)
		if errors.Is(err, errUnrecognized) {
			continue
		}
		if err != nil && in.number == 0 {
			return nil, fmt.Errorf("parse profile: %w", err)
		}
		if err != nil {
			return nil, fmt.Errorf("parse profile: line %d: %w", in.number, err)
		}
		if g.Total() > maxTotal {
			return nil, fmt.Errorf("parse profile: %w: more than %d samples", ErrMalformed, uint64(maxTotal))
		}
		return g, nil
	}
	return nil, fmt.Errorf("parse profile: %w: neither a flame graph page nor collapsed stacks nor pprof", ErrUnsupported)
}

// rejectForeign names the well-known files that are no flame graph.
func rejectForeign(head []byte, _ *lines, _ *names) (*Graph, error) {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	switch {
	case len(text) == 0:
		return nil, fmt.Errorf("%w: the file is empty", ErrTruncated)
	case bytes.HasPrefix(text, []byte("FLR\x00")):
		return nil, fmt.Errorf("%w: a JFR recording", ErrUnsupported)
	case bytes.HasPrefix(text, []byte("{")), bytes.HasPrefix(text, []byte("[{")):
		return nil, fmt.Errorf("%w: JSON", ErrUnsupported)
	case !bytes.HasPrefix(text, []byte("<")):
		return nil, errUnrecognized
	case bytes.Contains(head, []byte("<title>Tree view</title>")):
		return nil, fmt.Errorf("%w: a call tree page; write a flame graph instead", ErrUnsupported)
	case bytes.Contains(bytes.ToLower(head), []byte("heatmap")):
		return nil, fmt.Errorf("%w: a heat map page; write a flame graph instead", ErrUnsupported)
	case len(head) < headLen && !bytes.Contains(head, endOfPage):
		return nil, fmt.Errorf("%w: the page ends before its first frame", ErrTruncated)
	default:
		return nil, fmt.Errorf("%w: a page, but no flame graph of async-profiler", ErrUnsupported)
	}
}
