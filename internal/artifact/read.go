package artifact

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"squirrly.dev/pkg/events"
)

// Get reads an object of at most limit bytes and checks it against ref. A reference without a size (0) is checked by
// its hash alone. An object that does not match is read a second time, since another writer may have been at it.
func (s *Store) Get(ctx context.Context, ref events.ObjectRef, limit int64) ([]byte, error) {
	return whole(ref, limit, func(use func(io.Reader)) error { return s.Read(ctx, ref, limit, use) })
}

// Await is [Store.Get] for an object that an event or a record has just named. What it finds gone, damaged or silent
// may be on its way: the one who answers may not know yet what the others have agreed on. It is tried again for
// Patience; only then the error holds.
func (s *Store) Await(ctx context.Context, ref events.ObjectRef, limit int64) ([]byte, error) {
	return whole(ref, limit, func(use func(io.Reader)) error { return s.AwaitRead(ctx, ref, limit, use) })
}

// whole reads an object into memory.
func whole(ref events.ObjectRef, limit int64, read func(func(io.Reader)) error) ([]byte, error) {
	var body bytes.Buffer
	err := read(func(r io.Reader) {
		body.Reset()
		body.Grow(int(min(ref.Size, limit)) + bytes.MinRead)
		_, _ = body.ReadFrom(r) // read finds out
	})
	if err != nil {
		return nil, err
	}
	return body.Bytes(), nil
}

// Read is [Store.Get] of an object that need not be in memory: use gets it as it comes, and may leave the rest. What use has
// read counts only when Read returns nil, and it may be called a second time; no more often at a time.
func (s *Store) Read(ctx context.Context, ref events.ObjectRef, limit int64, use func(io.Reader)) error {
	err := s.read(ctx, ref, limit, use)
	if errors.Is(err, ErrCorrupt) {
		err = s.read(ctx, ref, limit, use)
	}
	return err
}

// AwaitRead is to [Store.Await] what [Store.Read] is to [Store.Get].
func (s *Store) AwaitRead(ctx context.Context, ref events.ObjectRef, limit int64, use func(io.Reader)) error {
	const first, most = 50 * time.Millisecond, 2 * time.Second
	until := time.Now().Add(s.Patience)
	for wait := first; ; wait = min(2*wait, most) {
		err := s.read(ctx, ref, limit, use)
		if err == nil || errors.Is(err, ErrTooLarge) || time.Now().Add(wait).After(until) {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
}

// read makes one attempt.
func (s *Store) read(ctx context.Context, ref events.ObjectRef, limit int64, use func(io.Reader)) error {
	if ref.Size > limit {
		return fmt.Errorf("get %s: %w: %d bytes, at most %d", ref.Key, ErrTooLarge, ref.Size, limit)
	}
	if ref.Size > 0 {
		limit = ref.Size
	}
	ctx, cancel := context.WithTimeout(ctx, timeout(limit))
	defer cancel()
	body, err := s.backend.open(ctx, ref.Key)
	if err == nil {
		r := &checkedReader{from: io.LimitReader(body, limit+1), hash: sha256.New()}
		use(r)
		_, _ = io.Copy(io.Discard, r) // to its end, whatever use has read
		err = r.compare(ref, limit)
		_ = body.Close() // read only
	}
	if err != nil {
		return fmt.Errorf("get %s: %w", ref.Key, err)
	}
	return nil
}

// checkedReader remembers what went through.
type checkedReader struct {
	from io.Reader
	hash hash.Hash
	size int64
	err  error // why reading ended, other than by the end
}

// Read implements io.Reader.
func (c *checkedReader) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.size += int64(n)
	_, _ = c.hash.Write(p[:n]) // never fails
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err //nolint:wrapcheck // io.EOF must stay as it is
}

func (c *checkedReader) compare(ref events.ObjectRef, limit int64) error {
	switch {
	case c.err != nil:
		return c.err
	case ref.Size == 0 && c.size > limit:
		return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	case ref.Size > 0 && c.size != ref.Size:
		return fmt.Errorf("%w: %d bytes instead of %d", ErrCorrupt, c.size, ref.Size)
	case hex.EncodeToString(c.hash.Sum(nil)) != ref.SHA256:
		return fmt.Errorf("%w: its hash differs", ErrCorrupt)
	}
	return nil
}
