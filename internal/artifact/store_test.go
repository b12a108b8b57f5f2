package artifact_test

import (
	"bytes"
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/pkg/events"
)

// stores opens a fresh store of each kind against a real server in this process.
func stores(t *testing.T) map[string]*artifact.Store {
	t.Helper()
	return map[string]*artifact.Store{"jetstream": jetStreamStore(t), "s3": s3Store(t)}
}

func jetStreamStore(t *testing.T) *artifact.Store {
	t.Helper()
	_, os := objectStore(t)
	return artifact.OpenJetStream(os)
}

func objectStore(t *testing.T) (*server.Server, jetstream.ObjectStore) {
	t.Helper()
	srv, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	if !srv.ReadyForConnections(10 * time.Second) {
		t.Fatal("the NATS server did not start")
	}
	conn, err := nats.Connect(srv.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	os, err := js.CreateObjectStore(t.Context(), jetstream.ObjectStoreConfig{Bucket: events.BucketArtifacts})
	if err != nil {
		t.Fatal(err)
	}
	return srv, os
}

func s3Config(t *testing.T) artifact.S3Config {
	t.Helper()
	srv := httptest.NewServer(gofakes3.New(s3mem.New(), gofakes3.WithIntegrityCheck(true)).Server())
	t.Cleanup(srv.Close)
	return artifact.S3Config{
		Endpoint: srv.URL, Bucket: "squirrly", Region: "us-east-1", AccessKey: "key", SecretKey: "canary-secret",
	}
}

func s3Store(t *testing.T) *artifact.Store {
	t.Helper()
	s := open(t, s3Config(t))
	ensure(t, s)
	return s
}

func open(t *testing.T, cfg artifact.S3Config) *artifact.Store {
	t.Helper()
	s, err := artifact.OpenS3(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ensure makes the bucket. The S3 server of these tests knows no lifecycle rules, and that is told.
func ensure(t *testing.T, s *artifact.Store) {
	t.Helper()
	if err := s.EnsureBucket(t.Context()); err != nil && !errors.Is(err, artifact.ErrNoExpiry) {
		t.Fatal(err)
	}
}

func key(body []byte) string {
	return artifact.CaptureKey("local/default/job/run/", "10.0.0.1:4711-abc", events.ModeWall, artifact.Sum(body))
}

func TestPutThenGet(t *testing.T) {
	for name, s := range stores(t) {
		for what, body := range map[string][]byte{
			"one byte": {0}, "small": []byte("<html>"), "three MiB": bytes.Repeat([]byte("flame "), 1<<19),
		} {
			t.Run(name+"/"+what, func(t *testing.T) {
				ref, err := s.Put(t.Context(), key(body), body)
				if err != nil {
					t.Fatal(err)
				}
				want := events.ObjectRef{Key: key(body), SHA256: artifact.Sum(body), Size: int64(len(body))}
				if diff := cmp.Diff(want, ref); diff != "" {
					t.Error(diff)
				}
				again, err := s.Put(t.Context(), key(body), body)
				if err != nil || again != ref {
					t.Errorf("second put: %v, %v", again, err)
				}
				got, err := s.Get(t.Context(), ref, artifact.MaxBytes)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, body) {
					t.Errorf("got %d bytes, want %d", len(got), len(body))
				}
			})
		}
	}
}

func TestPutAtTheSameTime(t *testing.T) {
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			body := bytes.Repeat([]byte("x"), 300<<10)
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					if _, err := s.Put(t.Context(), key(body), body); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			ref := events.ObjectRef{Key: key(body), SHA256: artifact.Sum(body), Size: int64(len(body))}
			if _, err := s.Get(t.Context(), ref, artifact.MaxBytes); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPutRefuses(t *testing.T) {
	body := []byte("body")
	s := jetStreamStore(t)
	for name, k := range map[string]string{
		"a key of other content": key([]byte("other")),
		"no key":                 "",
		"an absolute key":        "/" + key(body),
		"a key that climbs":      "a/../" + key(body),
		"a long key":             strings.Repeat("a/", 512) + key(body),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := s.Put(t.Context(), k, body); err == nil {
				t.Errorf("put under %q succeeded", k)
			}
		})
	}
	big := make([]byte, artifact.MaxBytes+1)
	if _, err := s.Put(t.Context(), key(big), big); !errors.Is(err, artifact.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}

func TestGetRefuses(t *testing.T) {
	body := []byte("what was stored")
	sum := artifact.Sum(body)
	for name, s := range stores(t) {
		stored, err := s.Put(t.Context(), key(body), body)
		if err != nil {
			t.Fatal(err)
		}
		for what, c := range map[string]struct {
			ref   events.ObjectRef
			limit int64
			want  error
		}{
			"absent":           {events.ObjectRef{Key: "gone", SHA256: sum, Size: 15}, 100, artifact.ErrGone},
			"another hash":     {events.ObjectRef{Key: stored.Key, SHA256: artifact.Sum(nil), Size: 15}, 100, artifact.ErrCorrupt},
			"shorter":          {events.ObjectRef{Key: stored.Key, SHA256: sum, Size: 14}, 100, artifact.ErrCorrupt},
			"longer":           {events.ObjectRef{Key: stored.Key, SHA256: sum, Size: 16}, 100, artifact.ErrCorrupt},
			"above the limit":  {stored, 14, artifact.ErrTooLarge},
			"size not told":    {events.ObjectRef{Key: stored.Key, SHA256: sum}, 15, nil},
			"larger than told": {events.ObjectRef{Key: stored.Key, SHA256: sum}, 14, artifact.ErrTooLarge},
		} {
			t.Run(name+"/"+what, func(t *testing.T) {
				if _, err := s.Get(t.Context(), c.ref, c.limit); !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
			})
		}
	}
}

func TestReady(t *testing.T) {
	for name, s := range stores(t) {
		if err := s.Ready(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		ensure(t, s)
	}
}

func TestJetStreamDown(t *testing.T) {
	srv, os := objectStore(t)
	s := artifact.OpenJetStream(os)
	body := []byte("body")
	ref, err := s.Put(t.Context(), key(body), body)
	if err != nil {
		t.Fatal(err)
	}
	srv.Shutdown()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := s.Get(ctx, ref, 100); !errors.Is(err, artifact.ErrUnavailable) {
		t.Errorf("get: %v", err)
	}
	if err := s.Ready(ctx); !errors.Is(err, artifact.ErrUnavailable) {
		t.Errorf("ready: %v", err)
	}
}
