package flink

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// What an answer may take of the memory. A list of empty objects becomes a hundred times larger when it is decoded, so their
// number is bounded, too; thread dumps, the longest answers, have a few thousand objects, and a vertex with 5,000 subtasks 15,000.
const (
	maxAnswer    = 16 << 20 // bytes
	maxObjects   = 50_000   // objects and lists
	smallAnswer  = 1 << 20  // bytes; larger ones are few at a time
	largeAnswers = 4
)

// large are the large answers that a process reads at a time, whoever sends them.
var large = make(chan struct{}, largeAnswers) //nolint:gochecknoglobals // the memory of a process is one.

// readAnswer reads an answer and decodes it. It is read no further than it may go: ErrTooLarge.
func readAnswer(ctx context.Context, body io.Reader, decode func(text []byte) error) error {
	from := &counted{reader: io.LimitReader(body, maxAnswer+1)}
	text, err := io.ReadAll(io.LimitReader(from, smallAnswer))
	if err == nil && len(text) == smallAnswer {
		select {
		case large <- struct{}{}:
			defer func() { <-large }()
		case <-ctx.Done():
			return ctx.Err() //nolint:wrapcheck // the caller says what was asked
		}
		all := bytes.NewBuffer(text)
		_, err = all.ReadFrom(from)
		text = all.Bytes()
	}
	switch {
	case err != nil:
		return err //nolint:wrapcheck // the caller says what was asked
	case len(text) > maxAnswer:
		return ErrTooLarge
	}
	return decode(text)
}

// counted fails with ErrTooLarge once too many objects and lists of JSON came through it.
type counted struct {
	reader  io.Reader
	objects int
	quoted  bool // within a string
	escaped bool // after a backslash in it
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.reader.Read(p)
	for _, b := range p[:n] {
		switch {
		case c.escaped:
			c.escaped = false
		case c.quoted:
			c.quoted, c.escaped = b != '"', b == '\\'
		case b == '"':
			c.quoted = true
		case b == '{', b == '[':
			c.objects++
		}
	}
	if c.objects > maxObjects && (err == nil || errors.Is(err, io.EOF)) {
		err = ErrTooLarge
	}
	return n, err
}
