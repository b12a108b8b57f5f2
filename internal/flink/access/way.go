package access

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/netguard"
)

// way is the transport to one cluster. It looks at the entry and its files for each request, so that a change of either is
// followed by the next one; connections are kept while what they depend on stays.
type way struct {
	*Access

	base  *url.URL // of the target, as it was named: what patterns are compared with
	root  *url.URL // with the prefix: what credentials are for
	guard *netguard.Guard

	asked atomic.Bool // the server has asked for a client certificate

	mu   sync.Mutex
	made *http.Transport
	of   [sha256.Size]byte // what made depends on
}

// broken is an entry that cannot be used. It is a flink.ErrAccess.
type broken struct {
	entry string
	err   error
}

// Error implements error.
func (b broken) Error() string { return fmt.Sprintf("entry %q: %v", b.entry, b.err) }

// Is implements errors.Is.
func (b broken) Is(target error) bool { return target == flink.ErrAccess }

// Unwrap gives access to the cause.
func (b broken) Unwrap() error { return b.err }

// wantsCertificate is an alert of a server that has asked for a client certificate before: up to TLS 1.2 alerts do not say
// that it is this what failed.
type wantsCertificate struct{ err error }

// Error implements error.
func (e wantsCertificate) Error() string { return e.err.Error() }

// Is implements errors.Is.
func (e wantsCertificate) Is(target error) bool { return target == flink.ErrTLSClientCertificate }

// Unwrap gives access to the cause.
func (e wantsCertificate) Unwrap() error { return e.err }

func (w *way) entry(ctx context.Context) *Entry { return w.find(ctx, w.base) }

// RoundTrip implements http.RoundTripper.
func (w *way) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := w.roundTrip(r)
	if err != nil && r.Body != nil {
		_ = r.Body.Close() // as the interface wants it; twice does no harm
	}
	return res, err
}

func (w *way) roundTrip(r *http.Request) (*http.Response, error) {
	e := w.entry(r.Context())
	if e == nil {
		e = &Entry{}
	}
	shows, err := show(e)
	if err != nil {
		return nil, broken{e.Name, err}
	}
	t, err := w.connections(e)
	if err != nil {
		return nil, err
	}
	if w.mine(r.URL) && len(shows.header) > 0 {
		r = r.Clone(r.Context())
		maps.Copy(r.Header, shows.header)
	}
	res, err := t.RoundTrip(r)
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" && w.asked.Load() {
		err = wantsCertificate{err}
	}
	if r.URL.Scheme == "http" && e.Proxy == "" && r.Context().Err() == nil && hungUp(err) {
		err = w.sayTLS(r.Context(), t, r.URL, err)
	}
	if err == nil && res.StatusCode != http.StatusOK {
		err = mask(res, shows.secrets)
	}
	return res, err
}

// mine reports whether a request goes to the cluster, and not elsewhere on its host.
func (w *way) mine(u *url.URL) bool {
	return u.Scheme == w.root.Scheme && u.Host == w.root.Host && under(u.Path, strings.TrimRight(w.root.Path, "/"))
}

// connections returns the transport for what the entry says now.
func (w *way) connections(e *Entry) (*http.Transport, error) {
	files, err := readTLS(e)
	if err != nil {
		return nil, broken{e.Name, err}
	}
	depends, _ := json.Marshal([]any{e.ServerName, e.Proxy, e.ProxyUser, e.ProxyPasswordFile, files.ca, files.cert, files.key}) // texts always can be
	sum := sha256.Sum256(depends)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.made != nil && w.of == sum {
		return w.made, nil
	}
	config, err := files.config(e)
	if err != nil {
		return nil, broken{e.Name, err}
	}
	t := w.guard.Transport()
	t.TLSClientConfig = config
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		w.asked.Store(true)
		for i := range config.Certificates {
			return &config.Certificates[i], nil
		}
		return &tls.Certificate{}, nil // none is given
	}
	if e.Proxy != "" {
		if err := w.guard.CheckURL(w.base.String()); err != nil { // the last look: who resolves the name is the proxy
			return nil, err
		}
		w.through(t, *e)
	}
	if w.made != nil {
		w.made.CloseIdleConnections()
	}
	w.made, w.of = t, sum
	return t, nil
}

// through leads a transport through the proxy of an entry, which the operator trusts.
func (w *way) through(t *http.Transport, e Entry) {
	t.DialContext = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	t.Proxy = func(*http.Request) (*url.URL, error) {
		u, err := url.Parse(e.Proxy)
		if err != nil || e.ProxyPasswordFile == "" {
			return u, err //nolint:wrapcheck // it was checked before.
		}
		password, err := proxyPassword(&e)
		if err != nil {
			return nil, broken{e.Name, err}
		}
		u.User = url.UserPassword(e.ProxyUser, password)
		return u, nil
	}
	t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, res *http.Response) error {
		if res.StatusCode != http.StatusOK {
			return flink.ProxyAnswer{Status: res.StatusCode}
		}
		return nil
	}
}

func (w *way) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.made != nil {
		w.made.CloseIdleConnections()
	}
}

// shows says in words what requests show to the server.
func (w *way) shows() string {
	e := w.entry(context.Background())
	at := w.base.Scheme + "://" + w.base.Host
	switch {
	case e == nil && w.file == nil && len(w.entries) == 0:
		return "none were given: SQUIRRLY_FLINK_ACCESS is not set"
	case e == nil:
		return "none were given: no entry of the file of SQUIRRLY_FLINK_ACCESS matches " + at
	}
	shows, err := show(e)
	switch {
	case err != nil:
		return broken{e.Name, err}.Error()
	case shows.words == "":
		return fmt.Sprintf("none were given: entry %q has none", e.Name)
	}
	return fmt.Sprintf("it got %s (entry %q), and refuses", shows.words, e.Name)
}

// mask hides secrets that a server repeats in what is no success: texts of errors are made of that.
func mask(res *http.Response, secrets []string) error {
	if len(secrets) == 0 {
		return nil
	}
	const most = 256 << 10 // bytes; more is not read of an error
	body, err := io.ReadAll(io.LimitReader(res.Body, most))
	_ = res.Body.Close() // the rest counts for nothing
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	const least = 4 // bytes of a text that can be told from others
	var pairs []string
	for _, s := range secrets {
		if len(s) < least {
			continue
		}
		pairs = append(pairs, s, "***", url.PathEscape(s), "***", url.QueryEscape(s), "***")
	}
	hide := strings.NewReplacer(pairs...)
	res.Body = io.NopCloser(bytes.NewReader([]byte(hide.Replace(string(body)))))
	for _, values := range res.Header {
		for i := range values {
			values[i] = hide.Replace(values[i])
		}
	}
	return nil
}
