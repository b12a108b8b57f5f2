package bustest

import (
	"fmt"
	"net"
	"sync"
	"testing"
)

// nowhere is what servers tell each other of themselves, so that they meet on the lines only.
const nowhere = "127.0.0.1:1"

// Lines are the connections between the servers of a cluster. One that is cut swallows what is sent on it, as a network
// does that is parted: nobody is told.
type Lines struct {
	ports []int
	all   []*line
}

// line leads from one server to another.
type line struct {
	from, to int
	listener net.Listener

	mu    sync.Mutex
	cut   bool
	conns []net.Conn
}

func newLines(t testing.TB, ports []int) *Lines {
	t.Helper()
	l := &Lines{ports: ports}
	for from := range ports {
		for to := from + 1; to < len(ports); to++ {
			listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			one := &line{from: from, to: to, listener: listener}
			l.all = append(l.all, one)
			go one.serve(fmt.Sprintf("127.0.0.1:%d", ports[to]))
			t.Cleanup(func() { _ = listener.Close(); one.drop() })
		}
	}
	return l
}

// routes are the lines that a server opens; the last one opens none, and names itself.
func (l *Lines) routes(server int) []string {
	var out []string
	for _, one := range l.all {
		if one.from == server {
			out = append(out, "nats-route://"+one.listener.Addr().String())
		}
	}
	if out == nil {
		out = []string{fmt.Sprintf("nats-route://127.0.0.1:%d", l.ports[server])}
	}
	return out
}

// Isolate cuts a server off from the others.
func (l *Lines) Isolate(server int) {
	for _, one := range l.all {
		if one.from == server || one.to == server {
			one.mu.Lock()
			one.cut = true
			one.mu.Unlock()
		}
	}
}

// Heal mends every line that is cut: the servers connect anew.
func (l *Lines) Heal() {
	for _, one := range l.all {
		one.mu.Lock()
		was := one.cut
		one.cut = false
		one.mu.Unlock()
		if was {
			one.drop()
		}
	}
}

func (o *line) serve(to string) {
	for {
		in, err := o.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", to) //nolint:noctx // ends with the test.
		if err != nil {
			_ = in.Close()
			continue
		}
		o.mu.Lock()
		o.conns = append(o.conns, in, out)
		o.mu.Unlock()
		go o.carry(in, out)
		go o.carry(out, in)
	}
}

// carry copies until one side ends, and swallows while the line is cut.
func (o *line) carry(from, to net.Conn) {
	defer func() { _ = from.Close(); _ = to.Close() }()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		o.mu.Lock()
		cut := o.cut
		o.mu.Unlock()
		if n > 0 && !cut {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// drop closes every connection of the line.
func (o *line) drop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range o.conns {
		_ = c.Close()
	}
	o.conns = nil
}
