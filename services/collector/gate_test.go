package collector

import (
	"net"
	"net/url"
	"sync"
	"testing"
)

// gate is the way of one process to its broker. Shut, the process is as good as frozen for everybody else: what it
// says arrives when the gate opens again, or never.
type gate struct {
	listener net.Listener
	target   string

	mu     sync.Mutex
	opened *sync.Cond
	shut   bool
	broken bool
	conns  []net.Conn
}

// newGate listens for a client of the broker at target.
func newGate(t *testing.T, target string) (g *gate, address string) {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g = &gate{listener: l, target: u.Host}
	g.opened = sync.NewCond(&g.mu)
	go g.serve()
	t.Cleanup(g.destroy)
	return g, "nats://" + l.Addr().String()
}

func (g *gate) serve() {
	for {
		in, err := g.listener.Accept()
		if err != nil {
			return
		}
		out, err := (&net.Dialer{}).Dial("tcp", g.target)
		if err != nil {
			_ = in.Close()
			continue
		}
		g.mu.Lock()
		g.conns = append(g.conns, in, out)
		g.mu.Unlock()
		go g.pass(in, out)
		go g.pass(out, in)
	}
}

func (g *gate) pass(from, to net.Conn) {
	defer func() { _ = from.Close(); _ = to.Close() }()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		g.mu.Lock()
		for g.shut && !g.broken {
			g.opened.Wait()
		}
		broken := g.broken
		g.mu.Unlock()
		if broken {
			return
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// close holds everything back.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
}

// open lets everything pass, also what was held back.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = false
	g.opened.Broadcast()
}

// destroy cuts the way for ever.
func (g *gate) destroy() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.broken = true
	g.opened.Broadcast()
	_ = g.listener.Close()
	for _, c := range g.conns {
		_ = c.Close()
	}
}
