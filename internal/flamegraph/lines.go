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
	in     *bufio.Reader
	long   []byte // a line that does not fit the buffer of in
	number int
	limits Limits
}

// next returns the next line without its end, valid until the next call. At
// the end of the file it returns nil and the error that ended it, if any.
func (l *lines) next() ([]byte, error) {
	line, err := l.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		line, err = l.longLine(line)
	}
	switch {
	case err == nil:
		line = line[:len(line)-1]
	case !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("read profile: %w", err)
	case len(line) == 0:
		return nil, nil
	}
	l.number++
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, nil
}

// block returns the lines that the buffer holds whole, each with its end, to be
// read without a call for each. It is empty when the next line is a long one or
// the last. [lines.skip] says how much of it was read.
func (l *lines) block() []byte {
	const line = 1 << 10 // longer ones are rare
	_, _ = l.in.Peek(line)
	b, _ := l.in.Peek(l.in.Buffered()) // an error shows up again in next
	return b[:bytes.LastIndexByte(b, '\n')+1]
}

// skip goes on behind some bytes of a block that hold a number of lines.
func (l *lines) skip(bytes, lines int) {
	_, _ = l.in.Discard(bytes) // what is in the buffer can be discarded
	l.number += lines
}

// longLine reads on to the end of a line.
func (l *lines) longLine(part []byte) (line []byte, err error) {
	l.long = append(l.long[:0], part...)
	for {
		part, err = l.in.ReadSlice('\n')
		l.long = append(l.long, part...)
		if len(l.long) > maxLine {
			return nil, fmt.Errorf("%w: a line of more than %d bytes", ErrTooLarge, maxLine)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return l.long, err //nolint:wrapcheck // next tells the end of the file from errors
		}
	}
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
		if bytes.HasPrefix(line, []byte("<h1")) && title == "" {
			_, t, _ := bytes.Cut(line, []byte(">")) // converters give it a style
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
