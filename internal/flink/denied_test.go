package flink_test

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/flinktest"
)

// What gateways answer, and Flink never does.
func TestClient_Denied(t *testing.T) {
	status := func(code int, body string, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Add(header[i], header[i+1])
			}
			w.WriteHeader(code)
			_, _ = w.Write([]byte(body))
		}
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   error
		says   string
	}{
		"password":            {status(401, "<html>401</html>", "WWW-Authenticate", `Basic realm="flink"`), flink.ErrUnauthorized, "HTTP 401: the server wants credentials"},
		"no challenge":        {status(401, ""), flink.ErrUnauthorized, "HTTP 401"},
		"Kerberos":            {status(401, "", "WWW-Authenticate", "Negotiate"), flink.ErrKerberos, "wants Kerberos"},
		"NTLM and Kerberos":   {status(401, "", "WWW-Authenticate", "NTLM", "WWW-Authenticate", "Negotiate"), flink.ErrKerberos, ""},
		"Kerberos or Basic":   {status(401, "", "WWW-Authenticate", "Negotiate", "WWW-Authenticate", "Basic realm=x"), flink.ErrUnauthorized, ""},
		"mesh":                {status(403, "RBAC: access denied"), flink.ErrForbids, "HTTP 403: the server does not allow it"},
		"read-only":           {status(405, "<html>405 Not Allowed</html>"), flink.ErrMethodRefused, "HTTP 405"},
		"not implemented":     {status(501, ""), flink.ErrMethodRefused, ""},
		"proxy in between":    {status(407, ""), flink.ErrProxyRefuses, ""},
		"redirect":            {status(302, "", "Location", "https://u:p4ss@sso.example/login?token=t0k#f"), flink.ErrRedirects, "redirects: to https://sso.example/login"},
		"redirect to nowhere": {status(302, ""), flink.ErrRedirects, "to nowhere"},
		"page":                {status(200, "\n<!DOCTYPE html><html><body>Sign in"), flink.ErrLoginPage, "a page for people"},
		"nginx wants a cert":  {status(400, "<html>400 No required SSL certificate was sent</html>"), flink.ErrTLSClientCertificate, ""},
		"nginx bad cert":      {status(400, "<html>400 The SSL certificate error</html>"), flink.ErrTLSClientCertificate, ""},
		"nginx https port":    {status(400, "400 The plain HTTP request was sent to HTTPS port"), flink.ErrTLSFailed, ""},
		"tomcat https port":   {status(400, "This combination of host and port requires TLS."), flink.ErrTLSFailed, ""},
		"Flink is electing":   {status(503, `{"errors":["Service temporarily unavailable due to an ongoing leader election. Please refresh."]}`), flink.ErrUnavailable, ""},
	} {
		_, err := serve(t, c.answer).Overview(t.Context())
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if strings.Contains(err.Error(), "p4ss") || strings.Contains(err.Error(), "t0k") {
			t.Errorf("%s: a secret is told: %v", name, err)
		}
	}
	for name, body := range map[string]string{"a bad request of Flink": `{"errors":["Request did not match expected format"]}`, "a text": "400 Bad Request"} {
		_, err := serve(t, status(400, body)).Overview(t.Context())
		for _, kind := range []error{flink.ErrTLSClientCertificate, flink.ErrTLSFailed, flink.ErrUnauthorized, flink.ErrUnavailable} {
			if errors.Is(err, kind) {
				t.Errorf("%s is taken for %v", name, kind)
			}
		}
	}
}

// What goes wrong with certificates, in the words of the two sides.
func TestClient_TLS(t *testing.T) {
	pki, err := flinktest.NewPKI(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	soon := time.Now().Add(time.Hour)
	trusting := &tls.Config{RootCAs: pki.Pool()}
	for name, c := range map[string]struct {
		until  time.Time
		host   string
		server func(*tls.Config)
		client *tls.Config
		want   error
	}{
		"right":             {soon, "127.0.0.1", nil, trusting, nil},
		"unknown authority": {soon, "127.0.0.1", nil, &tls.Config{}, flink.ErrTLSUntrusted},
		"another name":      {soon, "flink.internal", nil, trusting, flink.ErrTLSWrongName},
		"the name is given": {soon, "flink.internal", nil, &tls.Config{RootCAs: pki.Pool(), ServerName: "flink.internal"}, nil},
		"another address":   {soon, "127.0.0.2", nil, trusting, flink.ErrTLSWrongName},
		"expired":           {time.Now().Add(-time.Minute), "127.0.0.1", nil, trusting, flink.ErrTLSExpired},
		"not yet":           {time.Now().Add(48 * time.Hour), "127.0.0.1", nil, trusting, flink.ErrTLSExpired},
		"wants a cert, 1.3": {soon, "127.0.0.1", wantsCert(pki, tls.VersionTLS13), trusting, flink.ErrTLSClientCertificate},
		"wants a cert, 1.2": {soon, "127.0.0.1", wantsCert(pki, tls.VersionTLS12), trusting, flink.ErrTLSFailed}, // the alert does not say it,
		"no version in common": {
			soon, "127.0.0.1", func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 },
			&tls.Config{RootCAs: pki.Pool(), MinVersion: tls.VersionTLS13}, flink.ErrTLSFailed,
		},
	} {
		cert, err := pki.Issue(c.until, c.host)
		if err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }))
		srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
		if c.server != nil {
			c.server(srv.TLS)
		}
		srv.StartTLS()
		client, err := flink.New(srv.URL, &http.Client{Transport: &http.Transport{TLSClientConfig: c.client, DisableKeepAlives: true}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Overview(t.Context()); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		srv.Close()
	}

	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	defer secure.Close()
	alert, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer alert.Close()
	go func() {
		for conn, err := alert.Accept(); err == nil; conn, err = alert.Accept() {
			_, _ = conn.Read(make([]byte, 1024)) // so that it is no reset
			_, _ = conn.Write([]byte("\x15\x03\x03\x00\x02\x02\x46"))
			_ = conn.Close()
		}
	}()
	for name, url := range map[string]string{
		"http to a server of TLS alone": "http://" + alert.Addr().String(),
		"https to http":                 strings.Replace(plain.URL, "http", "https", 1), "http to https": strings.Replace(secure.URL, "https", "http", 1),
	} {
		client, err := flink.New(url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Overview(t.Context()); !errors.Is(err, flink.ErrTLSFailed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func wantsCert(pki *flinktest.PKI, version uint16) func(*tls.Config) {
	return func(c *tls.Config) {
		c.ClientAuth, c.ClientCAs, c.MinVersion, c.MaxVersion = tls.RequireAndVerifyClientCert, pki.Pool(), version, version
	}
}
