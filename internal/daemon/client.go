package daemon

import (
	"net"
	"net/http"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

// HTTPClient makes a client for one kind of server ("llm", "slack" …): traced, measured, and with timeouts for
// connecting. The call is bounded by the context of the request alone: a language model on a small machine thinks for longer
// than other servers before its first byte.
func (d *Daemon) HTTPClient(name string) *http.Client {
	base := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:   true,
		MaxIdleConns:        32,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
	}
	return &http.Client{Transport: d.Transport(name, base)}
}

// Transport adds tracing and metrics to a transport of the caller's own, for example one with a guard.
func (d *Daemon) Transport(name string, base http.RoundTripper) http.RoundTripper {
	return otelhttp.NewTransport(base, otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string {
		return name + " " + r.Method
	}))
}
