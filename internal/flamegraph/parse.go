package flamegraph

import (
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

// parser reads a file of one form, or returns errUnrecognized.
type parser func(head []byte, in *lines, names *names) (*Graph, error)

// parsers are asked in order. Each looks at the head first and reads on only
// if the file is of its form.
var parsers = []parser{
	parseHTML3,
	parseHTML2,
	parsePprof,
	rejectForeign,
	parseCollapsed,
}

// Parse reads a profile in any dialect, also compressed with gzip or written in
// UTF-16. The zero Limits are the defaults. A profile without samples is a
// graph, not an error. Errors wrap
// [ErrUnsupported], [ErrTruncated], [ErrTooLarge], [ErrMalformed] or the error
// of r, and carry the line number where there is one.
func Parse(r io.Reader, limits Limits) (*Graph, error) {
	limits = limits.withDefaults()
	g, err := parse(r, limits, newNames(limits), parsers)
	if err == nil && g.Unit == "" {
		g.Unit = g.unit()
	}
	return g, err
}

func parse(r io.Reader, limits Limits, names *names, parsers []parser) (*Graph, error) {
	text, err := opened(r, limits)
	if err != nil {
		return nil, fmt.Errorf("parse profile: %w", err)
	}
	head, err := text.Peek(headLen)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read profile: %w", err)
	}
	head = bytes.Clone(head) // reading on overwrites the buffer
	in := &lines{in: text, limits: limits}
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
