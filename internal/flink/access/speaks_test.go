package access_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/access"
)

// replayed is a connection whose first bytes were looked at.
type replayed struct {
	net.Conn
	r *bufio.Reader
}

func (c replayed) Read(b []byte) (int, error) { return c.r.Read(b) }

// hangsUp serves a port that ends each connection which does not begin as TLS does, and speaks TLS if a certificate is given.
func hangsUp(t *testing.T, certificate *tls.Certificate) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				r := bufio.NewReader(conn)
				const handshake = 0x16
				if first, err := r.Peek(1); err != nil || first[0] != handshake || certificate == nil {
					return // what was sent is not read, so that the line is reset
				}
				c := tls.Server(replayed{conn, r}, &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12})
				_ = c.Handshake()
			}()
		}
	}()
	return l.Addr().String()
}

// A port that speaks TLS and hangs up on clear text is told as that, whatever its certificate. One that hangs up on everybody is
// not available.
func TestClient_ClearTextToTLS(t *testing.T) {
	pki := newPKI(t)
	good, err := pki.Issue(time.Now().Add(time.Hour), "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	old, err := pki.Issue(time.Now().Add(-time.Hour), "elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	a, err := access.Open(access.Config{Local: true}, access.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		certificate *tls.Certificate
		want        error
	}{
		"speaks TLS": {&good, flink.ErrTLSFailed}, "an old certificate": {&old, flink.ErrTLSFailed}, "hangs up on all": {nil, flink.ErrUnavailable},
	} {
		err := overview(t, a, "http://"+hangsUp(t, c.certificate))
		if !errors.Is(err, c.want) || strings.Contains(err.Error(), "the URL begins with https") != (c.certificate != nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
