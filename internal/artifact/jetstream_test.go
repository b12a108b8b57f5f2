package artifact_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/artifact/artifacttest"
	"squirrly.dev/pkg/events"
)

// library is the bucket as the client library, and with it `nats object`, sees it.
func library(t *testing.T, js jetstream.JetStream) jetstream.ObjectStore {
	t.Helper()
	os, err := js.ObjectStore(t.Context(), events.BucketArtifacts)
	if err != nil {
		t.Fatal(err)
	}
	return os
}

// body3 has three chunks.
func body3() []byte { return bytes.Repeat([]byte("flame"), 300<<10/5) }

func TestJetStream_FormatOfTheLibrary(t *testing.T) {
	_, js := artifacttest.JetStream(t, 1)
	s, os := artifact.OpenJetStream(js), library(t, js)
	for _, body := range [][]byte{{}, []byte("a"), body3()} {
		ref, err := s.Put(t.Context(), key(body), body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.GetBytes(t.Context(), ref.Key)
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("the library reads %d bytes of %d: %v", len(got), len(body), err)
		}
	}
	theirs := []byte(strings.Repeat("theirs", 50<<10))
	if _, err := os.PutBytes(t.Context(), key(theirs), theirs); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get(t.Context(), artifacttest.Ref(theirs), 1<<20); err != nil || !bytes.Equal(got, theirs) {
		t.Errorf("of the library: %d bytes, %v", len(got), err)
	}
	if err := os.Delete(t.Context(), key(theirs)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), artifacttest.Ref(theirs), 1<<20); !errors.Is(err, artifact.ErrGone) {
		t.Errorf("deleted: %v", err)
	}
}

// lose takes the last n chunks of an object away, as a purge of the library or a lost block does.
func lose(t *testing.T, js jetstream.JetStream, key string, n int) {
	t.Helper()
	info, err := library(t, js).GetInfo(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), "OBJ_"+events.BucketArtifacts)
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		m, err := stream.GetLastMsgForSubject(t.Context(), "$O."+events.BucketArtifacts+".C."+info.NUID)
		if err == nil {
			err = stream.DeleteMsg(t.Context(), m.Sequence)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestJetStream_MetadataWithoutChunksIsPutAgain(t *testing.T) {
	for _, nodes := range []int{1, 3} {
		_, js := artifacttest.JetStream(t, nodes)
		s, body := artifact.OpenJetStream(js), body3()
		for _, n := range []int{1, 3} {
			ref, err := s.Put(t.Context(), key(body), body)
			if err != nil {
				t.Fatal(err)
			}
			lose(t, js, ref.Key, n)
			began := time.Now()
			for name, err := range map[string]error{"check": s.Check(t.Context(), ref), "get": get(t, s, ref)} {
				if !errors.Is(err, artifact.ErrCorrupt) {
					t.Errorf("%d nodes, %d chunks lost, %s: %v", nodes, n, name, err)
				}
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s to say so", took)
			}
			if _, err := s.Put(t.Context(), ref.Key, body); err != nil {
				t.Fatal(err)
			}
			if err := get(t, s, ref); err != nil {
				t.Errorf("%d nodes, %d chunks lost, after another put: %v", nodes, n, err)
			}
		}
	}
}

func get(t *testing.T, s *artifact.Store, ref events.ObjectRef) error {
	t.Helper()
	_, err := s.Get(t.Context(), ref, artifact.MaxBytes)
	return err
}

// faulty is a client whose nth publication is not acknowledged, or is and its acknowledgement lost.
type faulty struct {
	jetstream.JetStream
	fails  int32
	stored bool
	sent   atomic.Int32
}

// PublishMsg implements jetstream.JetStream.
func (f *faulty) PublishMsg(ctx context.Context, m *nats.Msg, opts ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	n := f.sent.Add(1)
	if n == f.fails && !f.stored {
		return nil, nats.ErrTimeout
	}
	ack, err := f.JetStream.PublishMsg(ctx, m, opts...)
	if n == f.fails {
		return nil, nats.ErrTimeout
	}
	return ack, err
}

// A put that fails at any message says so, leaves no metadata without chunks, and works the next time.
func TestJetStream_PutFailsAtAnyMessage(t *testing.T) {
	_, js := artifacttest.JetStream(t, 1)
	const messages = 4 // three chunks and the metadata
	for fails := range int32(messages) {
		for _, stored := range []bool{false, true} {
			body := fmt.Appendf(body3(), "%d %t", fails, stored) // another object for each
			f := &faulty{JetStream: js, fails: fails + 1, stored: stored}
			s, ref := artifact.OpenJetStream(f), artifacttest.Ref(body)
			if _, err := s.Put(t.Context(), ref.Key, body); !errors.Is(err, artifact.ErrUnavailable) {
				t.Errorf("message %d fails: %v", fails+1, err)
			}
			want := artifact.ErrGone
			if stored && fails == messages-1 {
				want = nil // only the answer was lost
			}
			if err := get(t, s, ref); !errors.Is(err, want) {
				t.Errorf("message %d failed, stored %t: %v", fails+1, stored, err)
			}
			if _, err := s.Put(t.Context(), ref.Key, body); err != nil {
				t.Error(err)
			}
			if err := get(t, s, ref); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestJetStream_DirectGetIsRefused(t *testing.T) {
	_, js := artifacttest.JetStream(t, 1)
	s := artifact.OpenJetStream(js)
	old := artifact.StreamConfig(1, jetstream.FileStorage)
	old.AllowDirect = true
	if _, err := js.UpdateStream(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if err := s.Ready(t.Context()); !errors.Is(err, artifact.ErrUnavailable) || !strings.Contains(err.Error(), "squirrly provision") {
		t.Errorf("with direct get: %v", err)
	}
	if err := artifacttest.CreateBucket(t.Context(), js, 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("provisioned: %v", err)
	}
}

// What is at the end of its age is gone, not damaged, although its chunks go before its metadata.
func TestJetStream_Expiring(t *testing.T) {
	_, js := artifacttest.JetStream(t, 1)
	s, body := artifact.OpenJetStream(js), body3()
	ref, err := s.Put(t.Context(), key(body), body)
	if err != nil {
		t.Fatal(err)
	}
	lose(t, js, ref.Key, 1)
	short := artifact.StreamConfig(1, jetstream.FileStorage)
	short.MaxAge = time.Minute
	if _, err := js.UpdateStream(t.Context(), short); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context(), ref); !errors.Is(err, artifact.ErrGone) {
		t.Errorf("check: %v", err)
	}
	if err := get(t, s, ref); !errors.Is(err, artifact.ErrGone) {
		t.Errorf("get: %v", err)
	}
}

func TestJetStream_UnreadableMetadata(t *testing.T) {
	_, js := artifacttest.JetStream(t, 1)
	s, body := artifact.OpenJetStream(js), body3()
	ref, err := s.Put(t.Context(), key(body), body)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), "OBJ_"+events.BucketArtifacts)
	if err != nil {
		t.Fatal(err)
	}
	now, err := stream.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	meta, err := stream.GetMsg(t.Context(), now.State.LastSeq)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), meta.Subject, meta.Data[:len(meta.Data)/2]); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context(), ref); !errors.Is(err, artifact.ErrCorrupt) {
		t.Errorf("check: %v", err)
	}
	if _, err := s.Put(t.Context(), ref.Key, body); err != nil {
		t.Fatal(err)
	}
	if err := get(t, s, ref); err != nil {
		t.Error(err)
	}
}

func TestJetStreamDown(t *testing.T) {
	servers, js := artifacttest.JetStream(t, 1)
	s := artifact.OpenJetStream(js)
	body := []byte("body")
	ref, err := s.Put(t.Context(), key(body), body)
	if err != nil {
		t.Fatal(err)
	}
	servers[0].Shutdown()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := s.Get(ctx, ref, 100); !errors.Is(err, artifact.ErrUnavailable) {
		t.Errorf("get: %v", err)
	}
	if err := s.Ready(ctx); !errors.Is(err, artifact.ErrUnavailable) {
		t.Errorf("ready: %v", err)
	}
}
