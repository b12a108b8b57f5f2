package channel

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"squirrly.dev/internal/netguard"
)

// maxConnection is how long a connection of the default transport lives: the library gives its requests no time limit.
const maxConnection = 30 * time.Second

// defaultGuard guards the default transport of net/http.
var defaultGuard atomic.Pointer[netguard.Guard] //nolint:gochecknoglobals // what it guards is global.

// guardDefault puts the default transport of this process behind a guard, since shoutrrr takes no client but
// [http.DefaultClient] and clients without a transport. Nothing else of Squirrly's uses the default transport: what makes
// connections has a transport of its own.
func guardDefault(guard *netguard.Guard) {
	if defaultGuard.Swap(guard) != nil {
		return
	}
	t := guard.Transport()
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := defaultGuard.Load().DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return conn, conn.SetDeadline(time.Now().Add(maxConnection))
	}
	http.DefaultTransport = t
	http.DefaultClient.Transport = &defaultSeen
}

// defaultSeen is what the default client saw last. Some services of shoutrrr's say nothing when nobody answers: a message
// that nobody took would count as told.
var defaultSeen seen //nolint:gochecknoglobals // what it watches is global.

// seen is a transport that notes how its last request ended.
type seen struct {
	mu     sync.Mutex
	status int // 0 is none
	header http.Header
	err    error
}

// RoundTrip implements http.RoundTripper.
func (s *seen) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(req)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.header, s.err = 0, nil, err
	if err == nil {
		s.status, s.header = res.StatusCode, res.Header
	}
	return res, err //nolint:wrapcheck // http.Client wraps it.
}

// forget begins anew.
func (s *seen) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.header, s.err = 0, nil, nil
}

// verdict says what the last request came to; nil when there was none, or when it was taken.
func (s *seen) verdict(who string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil || s.status == 0 {
		return s.err
	}
	return answer(who, s.status, s.header, time.Now())
}
