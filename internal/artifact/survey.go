package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"squirrly.dev/pkg/events"
)

// Survey is what a look at every object of a store found.
type Survey struct {
	Objects    map[string]Found // by key
	Unfinished int              // uploads without metadata: on their way, or left by a crash; they go at the end of their age
}

// Found is an object as its server lists it.
type Found struct {
	Size   int64  // bytes
	SHA256 string // in hex; empty when the server does not tell
	Broken error  // why it cannot be had; nil otherwise
	Read   bool   // it was read; Broken is about its content
}

// Survey looks at every object, or, if deep, reads every object and compares its hash. An object that changes meanwhile is
// looked at again before it counts as broken.
func (s *Store) Survey(ctx context.Context, deep bool) (Survey, error) {
	all, err := s.backend.survey(ctx)
	if err != nil {
		return all, fmt.Errorf("survey the artifact store: %w", err)
	}
	for key, f := range all.Objects {
		if f.Broken == nil && deep {
			f.Broken, f.Read = s.examine(ctx, key, f), true
			all.Objects[key] = f
		}
		if err := ctx.Err(); err != nil {
			return all, fmt.Errorf("survey the artifact store: %w", err)
		}
	}
	return all, nil
}

// examine reads an object. Without a hash from the server that in its key must do.
func (s *Store) examine(ctx context.Context, key string, f Found) error {
	if f.SHA256 != "" {
		return s.Read(ctx, events.ObjectRef{Key: key, SHA256: f.SHA256, Size: f.Size}, MaxBytes, func(io.Reader) {})
	}
	ctx, cancel := context.WithTimeout(ctx, timeout(f.Size))
	defer cancel()
	body, err := s.backend.open(ctx, key)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }() // read only
	hash := sha256.New()
	if _, err := io.Copy(hash, io.LimitReader(body, MaxBytes)); err != nil {
		return err //nolint:wrapcheck // those of a backend are of this package.
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); !strings.Contains(key, short(sum)) {
		return fmt.Errorf("%w: its hash is %s", ErrCorrupt, short(sum))
	}
	return nil
}
