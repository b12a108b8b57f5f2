// Package logbuffer holds a log in memory that can be read while others write to it, for tests.
package logbuffer

import (
	"bytes"
	"sync"
)

// Buffer is what was written so far. It is safe for concurrent use; the zero value is empty.
type Buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer. It has no errors.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p) //nolint:wrapcheck // a buffer in memory has no errors.
}

// String is what was written so far.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
