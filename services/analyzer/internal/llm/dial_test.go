package llm_test

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"squirrly.dev/internal/llmtest"
	"squirrly.dev/services/analyzer/internal/llm"
)

// secured puts TLS, with an authority that nobody knows, in front of a server. It returns the base URL of a protocol and
// a file with the certificate.
func secured(t *testing.T, s *llmtest.Server, protocol string) (base, caFile string) {
	t.Helper()
	target, err := url.Parse(s.Base(protocol))
	if err != nil {
		t.Fatal(err)
	}
	path := target.Path
	target.Path = ""
	front := httptest.NewUnstartedServer(httputil.NewSingleHostReverseProxy(target))
	front.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	front.Config.ErrorLog = quiet
	front.StartTLS()
	t.Cleanup(front.Close)
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw})
	if err := os.WriteFile(caFile, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return front.URL + path, caFile
}

func TestAuthority(t *testing.T) {
	each(t, func(t *testing.T, protocol string) {
		s := llmtest.NewServer(llmtest.Fixed(object))
		base, caFile := secured(t, s, protocol)
		set := func(file string) func(*llm.Config) {
			return func(c *llm.Config) { c.BaseURL, c.CAFile, c.Attempts = base, file, 1 }
		}
		if _, err := provider(t, protocol, s, set(caFile)).Complete(t.Context(), request); err != nil {
			t.Errorf("with the authority: %v", err)
		}
		if _, err := provider(t, protocol, s, set("")).Complete(t.Context(), request); !errors.Is(err, llm.ErrUnavailable) ||
			!strings.Contains(err.Error(), "certificate") {
			t.Errorf("without the authority: %v", err)
		}
		if n := len(s.Requests()); n != 1 {
			t.Errorf("%d requests came through, want 1", n)
		}
	})
}

func TestAuthorityFile(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{empty, filepath.Join(t.TempDir(), "none.pem")} {
		if _, err := llm.New(llm.Config{CAFile: file}, nil); err == nil || !strings.Contains(err.Error(), filepath.Base(file)) {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestProxy goes through a proxy, by plain requests and by a tunnel.
func TestProxy(t *testing.T) {
	each(t, func(t *testing.T, protocol string) {
		var plain, tunnels atomic.Int32
		forward := &httputil.ReverseProxy{Rewrite: func(*httputil.ProxyRequest) {}}
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Proxy-Authorization") == "" {
				w.WriteHeader(http.StatusProxyAuthRequired)
				return
			}
			if r.Method == http.MethodConnect {
				tunnels.Add(1)
				tunnel(w, r.Host)
				return
			}
			plain.Add(1)
			forward.ServeHTTP(w, r)
		}))
		t.Cleanup(proxy.Close)
		s := llmtest.NewServer(llmtest.Fixed(object))
		base, caFile := secured(t, s, protocol)
		through := strings.Replace(proxy.URL, "://", "://user:pass@", 1)
		for _, change := range []func(*llm.Config){
			func(c *llm.Config) { c.Proxy = through },
			func(c *llm.Config) { c.Proxy, c.BaseURL, c.CAFile = through, base, caFile },
		} {
			if _, err := provider(t, protocol, s, change).Complete(t.Context(), request); err != nil {
				t.Error(err)
			}
		}
		if plain.Load() != 1 || tunnels.Load() != 1 {
			t.Errorf("%d plain requests and %d tunnels, want one each", plain.Load(), tunnels.Load())
		}
		sane(t, s)
	})
}

// tunnel joins the client of a CONNECT request to a host until both are done.
func tunnel(w http.ResponseWriter, host string) {
	up, err := net.DialTimeout("tcp", host, 5*time.Second)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer func() { _ = up.Close() }()
	down, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = down.Close() }()
	_, _ = io.WriteString(down, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(up, down) }()
	_, _ = io.Copy(down, up)
}

// quiet keeps the handshakes that are refused on purpose out of the output.
var quiet = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
