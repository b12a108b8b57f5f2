package flamegraph

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxLine bounds a line; collapsed stacks of a thousand long names fit.
const maxLine = 4 << 20

var endOfPage = []byte("</html>")

// errNoFrame refuses a line where only a frame may stand.
var errNoFrame = fmt.Errorf("%w: not a frame", ErrMalformed)

// lines hands out a file line by line and remembers the number of the last.
type lines struct {
	scanner *bufio.Scanner
	number  int
	limits  Limits
}

func newLines(r io.Reader, limits Limits) *lines {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, headLen), maxLine)
	return &lines{scanner: s, limits: limits}
}

// next returns the next line without its end, valid until the next call. At
// the end of the file it returns nil and the error that ended it, if any.
func (l *lines) next() ([]byte, error) {
	if l.scanner.Scan() {
		l.number++
		line := l.scanner.Bytes()
		if line == nil {
			line = []byte{}
		}
		return line, nil
	}
	err := l.scanner.Err()
	if errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("%w: a line of more than %d bytes", ErrTooLarge, maxLine)
	}
	if err != nil {
		return nil, fmt.Errorf("read profile: %w", err)
	}
	return nil, nil
}

// need is next for a page that may not end here.
func (l *lines) need() ([]byte, error) {
	line, err := l.next()
	if line == nil && err == nil {
		return nil, fmt.Errorf("%w: the page ends before its last line", ErrTruncated)
	}
	return line, err
}

// header reads the page up to the line for which stop is true, or to its last
// line, and returns that line, and the title on the way.
func (l *lines) header(stop func(line []byte) bool) (line []byte, title string, err error) {
	for {
		if line, err = l.need(); err != nil {
			return nil, "", err
		}
		if t, ok := bytes.CutPrefix(line, []byte("<h1>")); ok && title == "" {
			title = cleanTitle(t)
			continue
		}
		if stop(line) || bytes.Contains(line, endOfPage) {
			return line, title, nil
		}
	}
}

// footer reads to the end of the page and makes sure that it is there.
func (l *lines) footer(line []byte) error {
	for !bytes.Contains(line, endOfPage) {
		var err error
		if line, err = l.need(); err != nil {
			return err
		}
	}
	return nil
}

func cleanTitle(t []byte) string {
	const longest = 256
	t, _, _ = bytes.Cut(t, []byte("</h1>"))
	return strings.ToValidUTF8(string(t[:min(len(t), longest)]), "\ufffd")
}

// boundedReader fails instead of ending early, so that a cut profile is never
// taken for a whole one.
type boundedReader struct {
	r    io.Reader
	left int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return 0, fmt.Errorf("%w: more bytes than the limit", ErrTooLarge)
	}
	return n, err //nolint:wrapcheck // a Reader passes io.EOF on as it is
}

// number reads the decimal number at the start of b and returns what follows.
// Numbers of 20 digits and more, which may not fit, are refused.
func number(b []byte) (v uint64, rest []byte, ok bool) {
	i := 0
	for i < len(b) && b[i]-'0' <= 9 {
		v = v*10 + uint64(b[i]-'0')
		i++
	}
	return v, b[i:], i > 0 && i < 20
}
