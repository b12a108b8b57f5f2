package lab

import (
	"io"
	"net"
	"time"
)

// Toxic is how a link is bad. The zero value is a good one.
type Toxic struct {
	Name  string
	Delay time.Duration // before what has arrived is passed on
	Slice int           // pass on so many bytes at a time; 0: all
	Limit int           // end a connection after so many bytes in one direction; 0: never
	Reset bool          // reset every connection, and each new one
}

// Toxics are the ways in which a line of a network fails short of silence, which is [Link.Cut].
var Toxics = []Toxic{
	{Name: "latency", Delay: 2 * time.Second},
	{Name: "slicer", Slice: 16},
	{Name: "limit_data", Limit: 700}, // within the headers of some messages, and within the bodies of most
	{Name: "reset_peer", Reset: true},
	{Name: "bandwidth", Slice: 1 << 10, Delay: 20 * time.Millisecond},
}

// Poison makes the link bad from now on; the zero value makes it good again.
func (k *Link) Poison(t Toxic) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.toxic = t
	if t.Reset {
		for c := range k.conns {
			reset(c)
		}
	}
}

// poison is how the link is now.
func (k *Link) poison() Toxic {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.toxic
}

// reset ends a connection so that the other side sees an error, and not an end.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // else it ends in good order
	}
	_ = c.Close() // nothing can be done about it
}

// pass writes what arrived as a link with this toxic does. It reports false when the connection is to end; limited
// counts the bytes that went through while there was a limit.
func (t Toxic) pass(dst io.Writer, b []byte, limited *int) bool {
	if t.Limit > 0 {
		b = b[:min(len(b), max(0, t.Limit-*limited))]
		*limited += len(b)
	}
	for len(b) > 0 {
		time.Sleep(t.Delay)
		n := len(b)
		if t.Slice > 0 {
			n = min(n, t.Slice)
		}
		if _, err := dst.Write(b[:n]); err != nil {
			return false
		}
		b = b[n:]
	}
	return t.Limit == 0 || *limited < t.Limit
}
