// Package spool holds a page between its download and the store: a small one in memory, a larger one in a temporary file,
// so that pages of any number and size take little memory.
package spool

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
)

// MaxInMemory is the size of a small page, in bytes. Most pages of Flink are smaller.
const MaxInMemory = 1 << 20

// ErrLarge says that a page is not small.
var ErrLarge = errors.New("a large page")

// Page takes the bytes of a page by Write and gives them back by ReadAt. It is for one goroutine, and is closed at the end.
type Page struct {
	memory bytes.Buffer
	file   *os.File // nil: in memory
	hash   hash.Hash
	size   int64
}

// Small is a page in memory. Writing more than [MaxInMemory] fails with [ErrLarge].
func Small() *Page { return &Page{hash: sha256.New()} }

// Large is a page in a file in the folder for temporary files (TMPDIR). The file has no name any more once it is made, so
// that it goes with the process.
func Large() (*Page, error) {
	f, err := os.CreateTemp("", "squirrly-page-")
	if err != nil {
		return nil, fmt.Errorf("make a file for a page: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("make a file for a page: %w", err), f.Close())
	}
	return &Page{file: f, hash: sha256.New()}, nil
}

// Write implements io.Writer.
func (p *Page) Write(b []byte) (n int, err error) {
	switch {
	case p.file != nil:
		n, err = p.file.Write(b)
	case p.size+int64(len(b)) > MaxInMemory:
		return 0, ErrLarge
	default:
		n, err = p.memory.Write(b)
	}
	_, _ = p.hash.Write(b[:n]) // never fails
	p.size += int64(n)
	return n, err //nolint:wrapcheck // a Writer passes errors on as they are
}

// ReadAt implements io.ReaderAt.
func (p *Page) ReadAt(b []byte, at int64) (int, error) {
	if p.file != nil {
		return p.file.ReadAt(b, at) //nolint:wrapcheck // io.EOF must stay as it is
	}
	return bytes.NewReader(p.memory.Bytes()).ReadAt(b, at) //nolint:wrapcheck // as above
}

// Reader reads the page from its beginning.
func (p *Page) Reader() io.Reader { return io.NewSectionReader(p, 0, p.size) }

// Reset makes the page empty, for another attempt.
func (p *Page) Reset() error {
	p.memory.Reset()
	p.hash.Reset()
	p.size = 0
	if p.file == nil {
		return nil
	}
	if err := p.file.Truncate(0); err != nil {
		return fmt.Errorf("empty the file of a page: %w", err)
	}
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("empty the file of a page: %w", err)
	}
	return nil
}

// Size is the number of bytes, and Sum their SHA-256 in hex digits.
func (p *Page) Size() int64 { return p.size }

// Sum is described at Size.
func (p *Page) Sum() string { return hex.EncodeToString(p.hash.Sum(nil)) }

// Close gives everything back.
func (p *Page) Close() error {
	if p.file == nil {
		return nil
	}
	if err := p.file.Close(); err != nil {
		return fmt.Errorf("close the file of a page: %w", err)
	}
	return nil
}
