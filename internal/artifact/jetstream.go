package artifact

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

// The wire format of the object store of nats.go (jetstream/object.go), which `nats object` reads: the body in chunks
// under a subject of its own, and a metadata message that replaces the one before.
const (
	chunkBytes  = 128 << 10
	digestForm  = "SHA-256="
	ackTime     = 10 * time.Second // of one message
	expiresSoon = 10 * time.Minute // before the end of its age a chunk may go before its metadata
)

// OpenJetStream uses the bucket [events.BucketArtifacts] of JetStream, a stream of [StreamConfig]. It does not connect.
//
// It is written to and read through the leader of the stream, message by message. The object store of the client
// library is not used: its Put sends metadata that does not wait for the chunks and purges chunks when one fails, so
// that an object without a body can be left; its Get reads from any replica and waits when there is nothing to read.
func OpenJetStream(js jetstream.JetStream) *Store {
	return newStore(jetStream{js: js, bucket: events.BucketArtifacts})
}

// StreamConfig is the bucket [events.BucketArtifacts] as a stream. Direct get is off: any replica would answer, also
// one that lags. The bucket's own configuration in the client library always sets it. What a broken upload leaves
// behind goes with the age of the stream, as all else.
func StreamConfig(replicas int, storage jetstream.StorageType) jetstream.StreamConfig {
	bucket := jetStream{bucket: events.BucketArtifacts}
	return jetstream.StreamConfig{
		Name: bucket.stream(), Description: "Artifacts, where there is no S3.",
		Subjects: []string{bucket.chunks(">"), bucket.subject("M", ">")},
		Replicas: max(replicas, 1), Storage: storage, MaxAge: Expiry,
		Discard: jetstream.DiscardNew, AllowRollup: true, AllowDirect: false,
	}
}

type jetStream struct {
	js     jetstream.JetStream
	bucket string
}

func (j jetStream) stream() string { return "OBJ_" + j.bucket }
func (j jetStream) subject(kind, token string) string {
	return "$O." + j.bucket + "." + kind + "." + token
}
func (j jetStream) chunks(id string) string { return j.subject("C", id) }

func (j jetStream) metadata(key string) string {
	return j.subject("M", base64.URLEncoding.EncodeToString([]byte(key)))
}

// put sends the metadata after every chunk is acknowledged. When it fails in between, the chunks stay until their age
// ends: a purge could reach what a later attempt sends, and who purges does not know what the server has.
func (j jetStream) put(ctx context.Context, o object) error {
	sum, err := hex.DecodeString(o.ref.SHA256)
	if err != nil {
		return fmt.Errorf("hash of the object: %w", err)
	}
	info := jetstream.ObjectInfo{
		ObjectMeta: jetstream.ObjectMeta{
			Name:    o.ref.Key,
			Headers: nats.Header{"Content-Type": {contentType(o.ref.Key)}},
			Opts:    &jetstream.ObjectMetaOptions{ChunkSize: chunkBytes},
		},
		Bucket: j.bucket, NUID: rand.Text(), Size: uint64(o.ref.Size), //nolint:gosec // never negative
		Digest: digestForm + base64.URLEncoding.EncodeToString(sum),
	}
	if info.Chunks, err = j.putChunks(ctx, j.chunks(info.NUID), io.NewSectionReader(o.body, 0, o.ref.Size)); err != nil {
		return err
	}
	data, err := json.Marshal(info)
	if err != nil {
		return fmt.Errorf("encode metadata: %w", err)
	}
	meta := &nats.Msg{Subject: j.metadata(o.ref.Key), Data: data, Header: nats.Header{}}
	meta.Header.Set(jetstream.MsgRollup, jetstream.MsgRollupSubject)
	if err := j.publish(ctx, meta); err != nil {
		return fmt.Errorf("send metadata: %w", err)
	}
	return nil
}

// putChunks sends a body and returns in how many messages.
func (j jetStream) putChunks(ctx context.Context, subject string, body *io.SectionReader) (n uint32, err error) {
	chunk := make([]byte, min(chunkBytes, body.Size()))
	for left := body.Size(); left > 0; left -= int64(len(chunk)) {
		chunk = chunk[:min(left, int64(len(chunk)))]
		if _, err := io.ReadFull(body, chunk); err != nil {
			return n, fmt.Errorf("read what is to be stored: %w", err)
		}
		if err := j.publish(ctx, &nats.Msg{Subject: subject, Data: chunk}); err != nil {
			return n, fmt.Errorf("send chunk %d: %w", n+1, err)
		}
		n++
	}
	return n, nil
}

// publish returns when the server has the message. Messages go one after the other: a second one on its way while the
// first is sent again would be stored before it.
func (j jetStream) publish(ctx context.Context, m *nats.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, ackTime)
	defer cancel()
	_, err := j.js.PublishMsg(ctx, m, jetstream.WithExpectStream(j.stream()))
	return jetStreamError(err)
}

func (j jetStream) stat(ctx context.Context, key string) (stat, error) {
	s, err := j.bound(ctx)
	if err != nil {
		return stat{}, err
	}
	info, err := j.info(ctx, s, key)
	if err != nil {
		return stat{}, err
	}
	return j.look(ctx, s, info)
}

// look compares metadata with the chunks that the leader has.
func (j jetStream) look(ctx context.Context, s jetstream.Stream, info jetstream.ObjectInfo) (stat, error) {
	subject := j.chunks(info.NUID)
	now, err := ask(ctx, func(ctx context.Context) (*jetstream.StreamInfo, error) {
		return s.Info(ctx, jetstream.WithSubjectFilter(subject))
	})
	if err != nil {
		return stat{}, err
	}
	st := stat{size: int64(min(info.Size, MaxBytes+1)), sha256: digestOf(info)}
	if n := now.State.Subjects[subject]; n != uint64(info.Chunks) {
		if st.broken = j.lacks(s, info, n); errors.Is(st.broken, ErrGone) {
			return stat{}, st.broken
		}
	}
	return st, nil
}

// lacks is the error of an object with n chunks: at the end of its age it goes chunk by chunk.
func (j jetStream) lacks(s jetstream.Stream, info jetstream.ObjectInfo, n uint64) error {
	if age := s.CachedInfo().Config.MaxAge; age > 0 && time.Since(info.ModTime) > age-expiresSoon {
		return ErrGone
	}
	return fmt.Errorf("%w: the server has %d of its %d chunks", ErrCorrupt, n, info.Chunks)
}

// digestOf is the hash in the metadata, in hex; empty when it is none.
func digestOf(info jetstream.ObjectInfo) string {
	digest, err := jetstream.DecodeObjectDigest(info.Digest)
	if err != nil {
		return ""
	}
	return hex.EncodeToString(digest)
}

// open reads chunk by chunk from the leader.
func (j jetStream) open(ctx context.Context, key string) (io.ReadCloser, error) {
	s, err := j.bound(ctx)
	if err != nil {
		return nil, err
	}
	info, err := j.info(ctx, s, key)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(&chunkReader{ctx: ctx, of: j, stream: s, info: info, next: 1}), nil
}

// chunkReader reads the body of an object, one chunk at a time.
type chunkReader struct {
	ctx    context.Context //nolint:containedctx // that of open: a reader has none
	of     jetStream
	stream jetstream.Stream
	info   jetstream.ObjectInfo
	rest   []byte // of the last chunk
	n      uint32 // chunks read
	next   uint64 // sequence from which the next one is looked for
}

// Read implements io.Reader. Its errors are those of the package.
func (r *chunkReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.n == r.info.Chunks {
			return 0, io.EOF
		}
		m, err := ask(r.ctx, func(ctx context.Context) (*jetstream.RawStreamMsg, error) {
			return r.stream.GetMsg(ctx, r.next, jetstream.WithGetMsgSubject(r.of.chunks(r.info.NUID)))
		})
		if errors.Is(err, ErrGone) {
			return 0, r.of.lacks(r.stream, r.info, uint64(r.n))
		}
		if err != nil {
			return 0, err
		}
		r.rest, r.next, r.n = m.Data, m.Sequence+1, r.n+1
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// info reads the metadata of an object from the leader.
func (j jetStream) info(ctx context.Context, s jetstream.Stream, key string) (jetstream.ObjectInfo, error) {
	var info jetstream.ObjectInfo
	m, err := ask(ctx, func(ctx context.Context) (*jetstream.RawStreamMsg, error) {
		return s.GetLastMsgForSubject(ctx, j.metadata(key))
	})
	if err != nil {
		return info, err
	}
	if err := json.Unmarshal(m.Data, &info); err != nil {
		return info, fmt.Errorf("%w: its metadata: %w", ErrCorrupt, err)
	}
	info.ModTime = m.Time
	if info.Deleted {
		return info, ErrGone
	}
	return info, nil
}

// bound looks the stream up. The handle is not kept: what it knows of the stream may change.
func (j jetStream) bound(ctx context.Context) (jetstream.Stream, error) {
	return ask(ctx, func(ctx context.Context) (jetstream.Stream, error) { return j.js.Stream(ctx, j.stream()) })
}

func (j jetStream) ready(ctx context.Context) error {
	s, err := j.bound(ctx)
	if err != nil {
		return err
	}
	if s.CachedInfo().Config.AllowDirect {
		return fmt.Errorf("%w: stream %s allows direct get, which reads what is not up to date: run `squirrly provision`",
			ErrUnavailable, j.stream())
	}
	return nil
}

func (j jetStream) ensure(ctx context.Context) error { return j.ready(ctx) }

// ask repeats a read that nobody answers, with twice the time for each: a leader may just have changed.
func ask[T any](ctx context.Context, read func(context.Context) (T, error)) (got T, err error) {
	const first, most = time.Second, 4 * time.Second
	for wait := first; wait <= most; wait *= 2 {
		call, cancel := context.WithTimeout(ctx, wait)
		got, err = read(call)
		cancel()
		if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, nats.ErrTimeout) {
			break
		}
	}
	return got, jetStreamError(err)
}

func jetStreamError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return ErrGone
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return fmt.Errorf("%w: there is no bucket %s (run `squirrly provision`, or set SQUIRRLY_S3_ENDPOINT): %w",
			ErrUnavailable, events.BucketArtifacts, err)
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
