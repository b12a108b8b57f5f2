package flinktest

import (
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Gateway is a reverse proxy before a Flink, as companies have them. The zero value lets everything through.
type Gateway struct {
	Prefix      string                                            // path below which Flink is
	Allow       func(*http.Request) bool                          // nil allows everybody; others get 401
	PKI         *PKI                                              // of its certificate; nil is http
	ClientCerts bool                                              // wants client certificates of the PKI
	MaxVersion  uint16                                            // of TLS; 0 is the newest
	Answer      func(w http.ResponseWriter, r *http.Request) bool // takes an answer over; nil takes none
}

// Start runs a gateway before an upstream until the server is closed.
func (g Gateway) Start(upstream http.Handler) (*httptest.Server, error) {
	srv := httptest.NewUnstartedServer(http.StripPrefix(g.Prefix, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case g.Answer != nil && g.Answer(w, r):
		case g.Allow != nil && !g.Allow(r):
			w.Header().Set("WWW-Authenticate", `Basic realm="flink"`)
			http.Error(w, "who are you? not "+r.Header.Get("Authorization"), http.StatusUnauthorized) // rude gateways repeat it
		default:
			upstream.ServeHTTP(w, r)
		}
	})))
	if g.PKI == nil {
		srv.Start()
		return srv, nil
	}
	cert, err := g.PKI.Issue(time.Now().Add(time.Hour), "127.0.0.1", "localhost")
	if err != nil {
		return nil, err
	}
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if g.MaxVersion != 0 {
		srv.TLS.MaxVersion = g.MaxVersion
	}
	if g.ClientCerts {
		srv.TLS.ClientAuth, srv.TLS.ClientCAs = tls.RequireAndVerifyClientCert, g.PKI.Pool()
	}
	srv.StartTLS()
	return srv, nil
}

// Upstream leads to a Flink at a URL.
func Upstream(raw string) (http.Handler, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("the URL of the upstream: %w", err)
	}
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u); r.Out.Header.Del("Authorization") }}, nil
}

// ForwardProxy is a proxy such as squid, for http and, by CONNECT, for https.
type ForwardProxy struct {
	User, Password string // that it wants; empty wants none
	Connects       atomic.Int64
	Forwards       atomic.Int64
}

// ServeHTTP implements http.Handler.
func (p *ForwardProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(p.User+":"+p.Password))
	switch {
	case p.User != "" && r.Header.Get("Proxy-Authorization") != want:
		w.Header().Set("Proxy-Authenticate", "Basic")
		http.Error(w, "not you: "+r.Header.Get("Proxy-Authorization"), http.StatusProxyAuthRequired)
	case r.Method == http.MethodConnect:
		p.Connects.Add(1)
		p.connect(w, r)
	default:
		p.Forwards.Add(1)
		(&httputil.ReverseProxy{Rewrite: func(*httputil.ProxyRequest) {}}).ServeHTTP(w, r)
	}
}

func (p *ForwardProxy) connect(w http.ResponseWriter, r *http.Request) {
	to, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(r.Context(), "tcp", r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer func() { _ = to.Close() }() // the tunnel is over
	from, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer func() { _ = from.Close() }()
	_, _ = io.WriteString(from, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() { _, _ = io.Copy(to, from); _ = to.Close() }()
	_, _ = io.Copy(from, to)
}

// Bearer allows who shows a token.
func Bearer(token func() string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer "+token() }
}

// Basic allows who shows user and password.
func Basic(user, password string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		u, p, ok := r.BasicAuth()
		return ok && u == user && p == password
	}
}

// Header allows who sends a header.
func Header(name, value string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.TrimSpace(r.Header.Get(name)) == value }
}
