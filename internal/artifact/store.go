// Package artifact keeps the objects of a run: captures, context, evidence, prompt, answer, analysis and report, in
// any S3 server (MinIO is one) or in the JetStream object store.
//
// Objects are addressed by content: every key ends in the hash of what it names, so a repeated put is the same
// object, and nothing is ever changed. A reader checks size and hash. What an object means does not belong here.
package artifact

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"squirrly.dev/pkg/events"
)

// Limits of an object.
const (
	MaxBytes = 128 << 20 // of one object
	maxKey   = 1024      // bytes; the limit of S3

	// Expiry is how long an object lives in a bucket that [Store.EnsureBucket] prepared.
	Expiry = 45 * 24 * time.Hour

	patience = 30 * time.Second // of [Store.Await]

	callTimeout  = 10 * time.Second // of one call of a server, beside the time of the transfer
	transferRate = 1 << 20          // bytes a second: the slowest transfer that is waited for
)

// timeout bounds one call that moves n bytes.
func timeout(n int64) time.Duration {
	return callTimeout + time.Duration(n/transferRate)*time.Second
}

// The ways in which a store fails. A caller waits for ErrUnavailable and gives up on the others.
var (
	ErrGone        = errors.New("object is gone: it expired, was deleted, or was never stored")
	ErrUnavailable = errors.New("artifact store is unavailable")
	ErrCorrupt     = errors.New("object is not what its reference says")
	ErrTooLarge    = errors.New("object is too large")

	// ErrNoExpiry says that a bucket can be used, but that its objects stay until somebody removes them.
	ErrNoExpiry = errors.New("objects will not expire")
)

// Store is an artifact store. It is safe for concurrent use.
type Store struct {
	// Patience is how long [Store.Await] takes an object that is gone, damaged or silent for one that is about to come:
	// 30 s, less in tests.
	Patience time.Duration

	backend backend
}

func newStore(b backend) *Store { return &Store{Patience: patience, backend: b} }

// backend is one kind of server. Every error of it is, or wraps, one of the errors above or a context error.
type backend interface {
	stat(ctx context.Context, key string) (stat, error)
	put(ctx context.Context, o object) error // nil: the server has the whole object
	open(ctx context.Context, key string) (io.ReadCloser, error)
	survey(ctx context.Context) (Survey, error)
	ready(ctx context.Context) error
	ensure(ctx context.Context) error
}

// object is what a backend stores.
type object struct {
	ref     events.ObjectRef
	body    io.ReaderAt // of ref.Size bytes
	replace bool        // something else is stored under the key
}

// stat is what a backend knows of an object without reading it.
type stat struct {
	size   int64
	sha256 string // empty when the server does not tell
	broken error  // what the server lacks of it, although it lists it; nil otherwise
}

func (s stat) matches(ref events.ObjectRef) bool {
	return s.broken == nil && s.size == ref.Size && s.sha256 == ref.SHA256
}

// Sum is the SHA-256 of body in 64 hex digits, as keys and references use it.
func Sum(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// Put stores body under key, unless it is there already and whole, and returns the reference to it. When it returns,
// the server has the whole object. The key must name the content, as all keys made by this package do; at most
// MaxBytes.
func (s *Store) Put(ctx context.Context, key string, body []byte) (events.ObjectRef, error) {
	ref := events.ObjectRef{Key: key, SHA256: Sum(body), Size: int64(len(body))}
	return ref, s.PutFrom(ctx, ref, bytes.NewReader(body))
}

// PutFrom is [Store.Put] of a body that is not in memory, or not as a whole: ref.Size bytes of body, which have the hash
// of ref. It is read more than once.
func (s *Store) PutFrom(ctx context.Context, ref events.ObjectRef, body io.ReaderAt) error {
	if err := check(ref); err != nil {
		return fmt.Errorf("put %s: %w", ref.Key, err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout(ref.Size))
	defer cancel()
	if err := s.put(ctx, ref, body); err != nil {
		return fmt.Errorf("put %s: %w", ref.Key, err)
	}
	return nil
}

func (s *Store) put(ctx context.Context, ref events.ObjectRef, body io.ReaderAt) error {
	before, err := s.backend.stat(ctx, ref.Key)
	switch {
	case err == nil && before.matches(ref):
		return nil
	case err != nil && !errors.Is(err, ErrGone) && !errors.Is(err, ErrCorrupt):
		return err
	}
	return s.backend.put(ctx, object{ref: ref, body: body, replace: !errors.Is(err, ErrGone)})
}

// Check reports whether the server has the whole object, without reading it: nil, or one of the errors above.
func (s *Store) Check(ctx context.Context, ref events.ObjectRef) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	st, err := s.backend.stat(ctx, ref.Key)
	switch {
	case err != nil:
	case st.broken != nil:
		err = st.broken
	case ref.Size > 0 && st.size != ref.Size || st.sha256 != "" && st.sha256 != ref.SHA256:
		err = fmt.Errorf("%w: the store lists another object under its key", ErrCorrupt)
	}
	if err != nil {
		return fmt.Errorf("check %s: %w", ref.Key, err)
	}
	return nil
}

func check(ref events.ObjectRef) error {
	switch {
	case ref.Size > MaxBytes:
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, ref.Size, int64(MaxBytes))
	case len(ref.Key) > maxKey || path.Clean(ref.Key) != ref.Key || strings.HasPrefix(ref.Key, "/"):
		return fmt.Errorf("%q is not an object key", ref.Key)
	case !strings.Contains(path.Base(ref.Key), short(ref.SHA256)):
		return fmt.Errorf("the key does not name the content (hash %s)", short(ref.SHA256))
	}
	return nil
}

// Ready reports whether the store answers and its bucket exists.
func (s *Store) Ready(ctx context.Context) error {
	if err := s.backend.ready(ctx); err != nil {
		return fmt.Errorf("check artifact store: %w", err)
	}
	return nil
}

// EnsureBucket creates the bucket if it is absent. An empty bucket gets a rule by which objects expire after [Expiry],
// and where the server knows no such rules the error is [ErrNoExpiry], to warn of; a bucket in use is left as it is.
// It belongs to provisioning; services only use the bucket. In JetStream the bucket is made with the streams.
func (s *Store) EnsureBucket(ctx context.Context) error {
	if err := s.backend.ensure(ctx); err != nil {
		return fmt.Errorf("provision artifact store: %w", err)
	}
	return nil
}
