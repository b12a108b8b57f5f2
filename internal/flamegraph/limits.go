package flamegraph

import (
	"errors"
	"math"
)

// Errors of Parse, to be told apart with errors.Is. The text around them
// names the line and what is wrong there.
var (
	// ErrUnsupported: the file is no profile, or none of a form that can be
	// read (call tree page, heat map, JFR recording …).
	ErrUnsupported = errors.New("unsupported profile")
	// ErrTruncated: the page ends before its end.
	ErrTruncated = errors.New("truncated profile")
	// ErrTooLarge: the profile exceeds one of the Limits.
	ErrTooLarge = errors.New("profile too large")
	// ErrMalformed: the profile contradicts its own grammar or itself.
	ErrMalformed = errors.New("malformed profile")
)

// Limits bound what Parse accepts. A field that is not positive means its
// default.
type Limits struct {
	Bytes     int64 // size of the file; 64 MiB
	Frames    int   // frames of the tree; 5 million, 32 bytes of memory each
	Depth     int   // levels below the root; 4096, at most 65535
	Names     int   // distinct names; 1 million
	NameBytes int   // length of a name; 16 KiB
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Bytes:     limit(l.Bytes, 64<<20, math.MaxInt64),
		Frames:    limit(l.Frames, 5_000_000, math.MaxInt32),
		Depth:     limit(l.Depth, 4096, math.MaxUint16),
		Names:     limit(l.Names, 1_000_000, math.MaxInt32),
		NameBytes: limit(l.NameBytes, 16<<10, math.MaxInt32),
	}
}

func limit[N int | int64](n, byDefault, most N) N {
	if n <= 0 {
		return byDefault
	}
	return min(n, most)
}

// maxTotal is the largest width: what the script of a page can count, and far
// enough from overflow that thousands of graphs can be merged.
const maxTotal = 1 << 53
