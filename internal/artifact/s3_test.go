package artifact_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"squirrly.dev/internal/artifact"
)

// through puts a proxy in front of the S3 server of cfg; it answers itself when intercept returns true.
func through(t *testing.T, cfg artifact.S3Config, intercept func(http.ResponseWriter, *http.Request) bool) artifact.S3Config {
	t.Helper()
	target, err := url.Parse(cfg.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !intercept(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	cfg.Endpoint = srv.URL
	return cfg
}

func TestS3PutIsConditional(t *testing.T) {
	var conditional, disposed atomic.Int32
	cfg := through(t, s3Config(t), func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/captures/") {
			if r.Header.Get("If-None-Match") == "*" {
				conditional.Add(1)
			}
			if r.Header.Get("Content-Disposition") == "attachment" {
				disposed.Add(1)
			}
		}
		return false
	})
	s := open(t, cfg)
	ensure(t, s)
	body := []byte("page")
	for range 2 {
		if _, err := s.Put(t.Context(), key(body), body); err != nil {
			t.Fatal(err)
		}
	}
	if conditional.Load() != 1 || disposed.Load() != 1 {
		t.Errorf("sent %d conditional puts, %d as attachment; want one of each", conditional.Load(), disposed.Load())
	}
}

func TestS3WithoutConditions(t *testing.T) {
	cfg := through(t, s3Config(t), func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("If-None-Match") == "" {
			return false
		}
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusNotImplemented)
		_, _ = fmt.Fprint(w, `<Error><Code>NotImplemented</Code><Message>no</Message></Error>`)
		return true
	})
	s := open(t, cfg)
	ensure(t, s)
	body := []byte("page")
	ref, err := s.Put(t.Context(), key(body), body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), ref, 100); err != nil {
		t.Error(err)
	}
}

func TestS3TornRead(t *testing.T) {
	var reads atomic.Int32
	cfg := through(t, s3Config(t), func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/captures/") || reads.Add(1) > 1 {
			return false
		}
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		_, _ = fmt.Fprint(w, "pa")
		return true
	})
	s := open(t, cfg)
	ensure(t, s)
	body := []byte("page")
	ref, err := s.Put(t.Context(), key(body), body)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Get(t.Context(), ref, 100)
	if err != nil || string(got) != "page" || reads.Load() != 2 {
		t.Errorf("got %q, %v after %d reads", got, err, reads.Load())
	}
}

func TestS3Down(t *testing.T) {
	cfg := s3Config(t)
	noBucket := open(t, cfg)
	broken := open(t, through(t, cfg, func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}))
	cfg.Endpoint = "http://127.0.0.1:1"
	refused := open(t, cfg)
	body := []byte("body")
	for name, s := range map[string]*artifact.Store{"no bucket": noBucket, "503": broken, "refused": refused} {
		t.Run(name, func(t *testing.T) {
			err := s.Ready(t.Context())
			if !errors.Is(err, artifact.ErrUnavailable) {
				t.Errorf("ready: %v", err)
			}
			_, putErr := s.Put(t.Context(), key(body), body)
			if !errors.Is(putErr, artifact.ErrUnavailable) {
				t.Errorf("put: %v", putErr)
			}
			if text := fmt.Sprint(err, putErr); strings.Contains(text, "canary") {
				t.Errorf("the error tells the secret: %s", text)
			}
		})
	}
}

func TestS3ConfigHidesItsSecret(t *testing.T) {
	cfg := artifact.S3Config{SecretKey: "canary"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, cfg); strings.Contains(text, "canary") {
			t.Errorf("%s prints %s", format, text)
		}
	}
}

func TestOpenS3Refuses(t *testing.T) {
	for _, endpoint := range []string{"", "ftp://host", "https://user:pass@host", "https://host/bucket", "http://host?x=1", "http://"} {
		if _, err := artifact.OpenS3(artifact.S3Config{Endpoint: endpoint, Bucket: "b"}); err == nil {
			t.Errorf("endpoint %q was accepted", endpoint)
		}
	}
	if _, err := artifact.OpenS3(artifact.S3Config{Endpoint: "host:9000"}); err == nil {
		t.Error("no bucket was accepted")
	}
}
