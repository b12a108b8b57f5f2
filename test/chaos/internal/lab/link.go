package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// Link carries TCP connections to one address. While it is cut, nothing passes and nothing is closed, as on a network
// that swallows packets: both sides believe in the connection until their own timeouts end it. It is safe for use by
// several goroutines.
type Link struct {
	Addr string // connect here

	to       string
	listener net.Listener

	mu    sync.Mutex
	open  chan struct{} // closed while the link carries
	conns map[net.Conn]bool
	ended bool
	toxic Toxic
}

// NewLink listens on a free port and carries to an address.
func NewLink(ctx context.Context, to string) (*Link, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open a link: %w", err)
	}
	k := &Link{Addr: l.Addr().String(), to: to, listener: l, open: make(chan struct{}), conns: map[net.Conn]bool{}}
	close(k.open)
	go k.accept(ctx)
	return k, nil
}

// Cut stops the traffic in both directions.
func (k *Link) Cut() {
	k.mu.Lock()
	defer k.mu.Unlock()
	select {
	case <-k.open:
		k.open = make(chan struct{})
	default: // cut already
	}
}

// Mend lets it flow again, what was held first.
func (k *Link) Mend() {
	k.mu.Lock()
	defer k.mu.Unlock()
	select {
	case <-k.open:
	default:
		close(k.open)
	}
}

// Close ends the link and every connection on it.
func (k *Link) Close() {
	k.Mend()
	_ = k.listener.Close() // nothing can be done about it
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ended = true
	for c := range k.conns {
		_ = c.Close() // nothing can be done about it
	}
}

func (k *Link) accept(ctx context.Context) {
	for {
		in, err := k.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			go k.carry(ctx, in)
		}
	}
}

// carry connects the other side, once the link is not cut, and copies until one side ends.
func (k *Link) carry(ctx context.Context, in net.Conn) {
	defer k.track(in)()
	k.wait()
	var d net.Dialer
	out, err := d.DialContext(ctx, "tcp", k.to)
	if err != nil {
		return // the other side is down: the caller sees its connection end
	}
	defer k.track(out)()
	both := make(chan struct{}, 2)
	for _, c := range [][2]net.Conn{{in, out}, {out, in}} {
		go func() {
			k.copy(c[1], c[0])
			both <- struct{}{}
		}()
	}
	<-both
}

// copy moves what arrives from src to dst while the link is open.
func (k *Link) copy(dst io.Writer, src io.Reader) {
	buf, limited := make([]byte, 32<<10), 0
	for {
		n, err := src.Read(buf)
		k.wait()
		if !k.poison().pass(dst, buf[:n], &limited) || err != nil {
			return
		}
	}
}

// wait returns once the link is not cut.
func (k *Link) wait() {
	for {
		k.mu.Lock()
		open := k.open
		k.mu.Unlock()
		<-open
		k.mu.Lock()
		still := open == k.open
		k.mu.Unlock()
		if still {
			return
		}
	}
}

// track remembers a connection for Close; the function that it returns ends it.
func (k *Link) track(c net.Conn) func() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.conns[c] = true
	if k.ended || k.toxic.Reset {
		reset(c)
	}
	return func() {
		_ = c.Close()
		k.mu.Lock()
		defer k.mu.Unlock()
		delete(k.conns, c)
	}
}
