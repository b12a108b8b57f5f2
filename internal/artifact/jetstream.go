package artifact

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// OpenJetStream uses an object store of JetStream, which must exist.
func OpenJetStream(os jetstream.ObjectStore) *Store { return &Store{backend: jetStream{os}} }

type jetStream struct{ os jetstream.ObjectStore }

func (j jetStream) stat(ctx context.Context, key string) (stat, error) {
	info, err := j.os.GetInfo(ctx, key)
	if err != nil {
		return stat{}, jetStreamError(err)
	}
	digest, err := jetstream.DecodeObjectDigest(info.Digest)
	if err != nil {
		return stat{}, fmt.Errorf("%w: digest %q: %w", ErrCorrupt, info.Digest, err)
	}
	if info.Size > MaxBytes {
		return stat{size: MaxBytes + 1}, nil
	}
	return stat{size: int64(info.Size), sha256: hex.EncodeToString(digest)}, nil
}

func (j jetStream) put(ctx context.Context, o object) error {
	meta := jetstream.ObjectMeta{
		Name:    o.ref.Key,
		Headers: nats.Header{"Content-Type": {contentType(o.ref.Key)}},
	}
	if _, err := j.os.Put(ctx, meta, bytes.NewReader(o.body)); err != nil {
		return jetStreamError(err)
	}
	return nil
}

func (j jetStream) get(ctx context.Context, key string, limit int64) ([]byte, error) {
	r, err := j.os.Get(ctx, key)
	if err != nil {
		return nil, jetStreamError(err)
	}
	defer func() { _ = r.Close() }() // read only
	body, err := io.ReadAll(io.LimitReader(r, limit))
	if err != nil {
		return nil, jetStreamError(err)
	}
	return body, nil
}

func (j jetStream) ready(ctx context.Context) error {
	if _, err := j.os.Status(ctx); err != nil {
		return jetStreamError(err)
	}
	return nil
}

func (j jetStream) ensure(ctx context.Context) error { return j.ready(ctx) }

func jetStreamError(err error) error {
	switch {
	case errors.Is(err, jetstream.ErrObjectNotFound):
		return ErrGone
	case errors.Is(err, jetstream.ErrDigestMismatch):
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	case errors.Is(err, context.Canceled):
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
