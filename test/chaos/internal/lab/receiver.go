package lab

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
)

// Receiver takes webhooks and counts them by their id, which is the same when one is sent again.
type Receiver struct {
	URL string

	server *httptest.Server

	mu    sync.Mutex
	times map[string]int
}

// NewReceiver listens on a free port.
func NewReceiver() *Receiver {
	r := &Receiver{times: map[string]int{}}
	r.server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.times[req.Header.Get("Webhook-Id")]++
	}))
	r.URL = r.server.URL
	return r
}

// Close ends the server.
func (r *Receiver) Close() { r.server.Close() }

// Times is how often each webhook came.
func (r *Receiver) Times() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.times)
}
