package llm

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"squirrly.dev/internal/userfile"
)

// Transport returns a transport that goes through a proxy (http, https or socks5; empty: as HTTPS_PROXY and NO_PROXY
// say) and trusts the certificates of a PEM file besides those of the system. Certificates are always checked.
func Transport(proxy, caFile string) (*http.Transport, error) {
	t := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:   true,
		MaxIdleConns:        32,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
	}
	if proxy != "" {
		u, err := url.Parse(proxy)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" {
			return nil, errors.New("configure the LLM: the proxy is not an http, https or socks5 URL") // it may hold a password
		}
		t.Proxy = http.ProxyURL(u)
	}
	if caFile != "" {
		roots, err := authorities(caFile)
		if err != nil {
			return nil, err
		}
		t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return t, nil
}

// maxCertificates bounds a file of certificates, in bytes: the bundle of a system has 0.3 MB.
const maxCertificates = 4 << 20

// authorities reads the certificates of a file.
func authorities(file string) (*x509.CertPool, error) {
	pem, err := userfile.ReadSoon(file, maxCertificates)
	if err != nil {
		return nil, fmt.Errorf("read the certificates of the LLM's authority: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read the certificates of the LLM's authority: %s holds none in PEM form", file)
	}
	return roots, nil
}
