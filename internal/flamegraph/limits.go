package flamegraph

import (
	"cmp"
	"errors"
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

// Limits bound what Parse accepts. A zero field means its default.
type Limits struct {
	Bytes     int64 // size of the file; 64 MiB
	Frames    int   // frames of the tree; 5 million, 32 bytes of memory each
	Depth     int   // levels below the root; 4096, at most 65535
	Names     int   // distinct names; 1 million
	NameBytes int   // length of a name; 16 KiB
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Bytes:     cmp.Or(l.Bytes, 64<<20),
		Frames:    cmp.Or(l.Frames, 5_000_000),
		Depth:     min(cmp.Or(l.Depth, 4096), 1<<16-1),
		Names:     cmp.Or(l.Names, 1_000_000),
		NameBytes: cmp.Or(l.NameBytes, 16<<10),
	}
}

// maxTotal is the largest width: what the script of a page can count, and far
// enough from overflow that thousands of graphs can be merged.
const maxTotal = 1 << 53
