package artifact_test

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/artifact/artifacttest"
)

func TestStore_S3(t *testing.T) { artifacttest.Store(t, s3Store(t)) }

func TestStore_JetStream(t *testing.T) {
	_, js := artifacttest.JetStream(t, 1)
	artifacttest.Store(t, artifact.OpenJetStream(js))
}

func TestStore_JetStreamOnThreeNodes(t *testing.T) {
	_, js := artifacttest.JetStream(t, 3)
	artifacttest.Store(t, artifact.OpenJetStream(js))
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

func key(body []byte) string { return artifacttest.Key(body) }

func TestPutRefuses(t *testing.T) {
	body := []byte("body")
	s := s3Store(t)
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
