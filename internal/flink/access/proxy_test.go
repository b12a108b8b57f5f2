package access_test

import (
	"errors"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/netguard"
)

// nobody is an address where nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestProxy(t *testing.T) {
	pki := newPKI(t)
	proxy := &flinktest.ForwardProxy{User: "squirrly", Password: canary}
	srv := httptest.NewServer(proxy)
	defer srv.Close()
	secure, plain := flinkServer(t, flinktest.Gateway{PKI: pki, Prefix: "/flink"}), flinkServer(t, flinktest.Gateway{})
	ca, through := "caFile: "+pki.CAFile, "proxy: "+srv.URL
	user, password, wrong := "proxyUser: squirrly", "proxyPasswordFile: "+put(t, canary), "proxyPasswordFile: "+put(t, "wrong-"+canary)
	for name, c := range map[string]struct {
		url   string
		lines []string
		want  error
	}{
		"https":                   {secure, []string{ca, through, user, password}, nil},
		"http":                    {plain, []string{through, user, password}, nil},
		"https, no password":      {secure, []string{ca, through}, flink.ErrProxyRefuses},
		"http, no password":       {plain, []string{through}, flink.ErrProxyRefuses},
		"https, wrong password":   {secure, []string{ca, through, user, wrong}, flink.ErrProxyRefuses},
		"http, wrong password":    {plain, []string{through, user, wrong}, flink.ErrProxyRefuses},
		"no proxy there":          {secure, []string{ca, "proxy: http://" + nobody(t)}, flink.ErrProxyUnreachable},
		"no socks proxy there":    {secure, []string{ca, "proxy: socks5://" + nobody(t)}, flink.ErrProxyUnreachable},
		"no Flink behind, https":  {"https://" + nobody(t), []string{ca, through, user, password}, flink.ErrProxyUnreachable},
		"no Flink behind, http":   {"http://" + nobody(t), []string{through, user, password}, flink.ErrUnavailable},
		"untrusted behind":        {secure, []string{through, user, password}, flink.ErrTLSUntrusted},
		"metadata behind":         {"http://169.254.169.254", []string{through, user, password}, netguard.ErrRefused},
		"no file of the password": {secure, []string{ca, through, user, "proxyPasswordFile: /nowhere"}, flink.ErrAccess},
	} {
		err := overview(t, open(t, access.Options{}, c.url, c.lines...), c.url)
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "c3F1aXJybHk6")) {
			t.Errorf("%s: a secret is told: %v", name, err)
		}
	}
	if proxy.Connects.Load() == 0 || proxy.Forwards.Load() == 0 {
		t.Errorf("%d tunnels and %d requests went through the proxy", proxy.Connects.Load(), proxy.Forwards.Load())
	}
}

// A list of networks is checked when a connection is made; behind a proxy, a name has to be in an entry instead.
func TestProxy_Guard(t *testing.T) {
	srv := httptest.NewServer(&flinktest.ForwardProxy{})
	defer srv.Close()
	url := flinkServer(t, flinktest.Gateway{})
	file := put(t, "clusters:\n  - match: "+url+"\n    proxy: "+srv.URL+"\n")
	a, err := access.Open(access.Config{Allow: []string{"flink.example"}, File: file}, access.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := overview(t, a, url); !errors.Is(err, netguard.ErrRefused) {
		t.Errorf("an address that is not allowed is reached through the proxy: %v", err)
	}
}
