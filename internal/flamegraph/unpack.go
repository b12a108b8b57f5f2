package flamegraph

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
)

// maxNested is how many containers may hold each other: gzip in gzip is a
// mistake that happens, more is an attack.
const maxNested = 3

// opened returns the text of a file: what is compressed with gzip in it, and in
// UTF-8. What is unpacked is bounded like the file: a small one may hold a
// large one.
func opened(r io.Reader, limits Limits) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(&boundedReader{r: r, left: limits.Bytes}, headLen)
	for range maxNested {
		head, err := in.Peek(len(gzipMagic))
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read profile: %w", err)
		}
		if !bytes.HasPrefix(head, gzipMagic) {
			return decoded(in), nil
		}
		packed, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("%w: compressed data: %w", gzipFault(err), err)
		}
		in = bufio.NewReaderSize(&boundedReader{r: gunzip{packed}, left: limits.Bytes}, headLen)
	}
	return nil, fmt.Errorf("%w: compressed data within compressed data", ErrUnsupported)
}

var gzipMagic = []byte{0x1f, 0x8b}

// gunzip gives the errors of gzip a kind of ours.
type gunzip struct{ r *gzip.Reader }

func (g gunzip) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, ErrTooLarge) {
		err = fmt.Errorf("%w: compressed data: %w", gzipFault(err), err)
	}
	return n, err
}

func gzipFault(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return ErrTruncated
	}
	return ErrMalformed
}

// decoded returns the text in UTF-8, without the mark of its order of bytes.
func decoded(in *bufio.Reader) *bufio.Reader {
	head, _ := in.Peek(4) //nolint:mnd // what tells UTF-16; an error shows up again when reading
	big, known := false, true
	switch {
	case bytes.HasPrefix(head, []byte("\ufeff")):
		_, _ = in.Discard(len("\ufeff"))
		return in
	case len(head) < 4:
		return in
	case head[0] == 0xff && head[1] == 0xfe, head[0] >= ' ' && head[1] == 0 && head[2] >= ' ' && head[3] == 0:
	case head[0] == 0xfe && head[1] == 0xff, head[0] == 0 && head[1] >= ' ' && head[2] == 0 && head[3] >= ' ':
		big = true
	default:
		known = false
	}
	if !known {
		return in
	}
	text := &utf16Reader{in: in, big: big}
	if head[0]|1 == 0xff {
		_, _ = in.Discard(2) //nolint:mnd // one unit
	}
	return bufio.NewReaderSize(text, headLen)
}

// utf16Reader turns UTF-16 into UTF-8, with U+FFFD for what is none.
type utf16Reader struct {
	in   *bufio.Reader
	big  bool
	rest []byte // of a rune that did not fit
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	n := copy(p, u.rest)
	u.rest = u.rest[n:]
	for n < len(p) && len(u.rest) == 0 {
		r, err := u.rune()
		if err != nil {
			if n > 0 {
				return n, nil // the error comes again
			}
			return 0, err
		}
		text := []byte(string(r))
		c := copy(p[n:], text)
		u.rest, n = text[c:], n+c
	}
	return n, nil
}

func (u *utf16Reader) rune() (rune, error) {
	r, err := u.unit()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	low, err := u.unit()
	if err != nil {
		return '\ufffd', nil //nolint:nilerr // half a pair at the end; the error comes again
	}
	return utf16.DecodeRune(r, low), nil
}

func (u *utf16Reader) unit() (rune, error) {
	a, err := u.in.ReadByte()
	if err != nil {
		return 0, err //nolint:wrapcheck // a Reader passes errors on as they are
	}
	b, err := u.in.ReadByte()
	if err != nil {
		return 0, err //nolint:wrapcheck // as above
	}
	if u.big {
		return rune(a)<<8 | rune(b), nil
	}
	return rune(b)<<8 | rune(a), nil
}
