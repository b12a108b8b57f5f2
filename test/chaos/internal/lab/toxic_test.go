package lab_test

import (
	"io"
	"net"
	"testing"
	"time"

	"squirrly.dev/test/chaos/internal/lab"
)

// What comes through a bad line: all of it, late or in pieces; or the first part; or nothing and an error.
func TestToxics(t *testing.T) {
	const size = 2000
	for _, toxic := range append([]lab.Toxic{{Name: "none"}}, lab.Toxics...) {
		t.Run(toxic.Name, func(t *testing.T) {
			t.Parallel()
			k, err := lab.NewLink(t.Context(), echo(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(k.Close)
			k.Poison(toxic)
			began := time.Now()
			var d net.Dialer
			c, err := d.DialContext(t.Context(), "tcp", k.Addr)
			if err != nil && toxic.Reset {
				return // it was faster
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := c.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			_, writeErr := c.Write(make([]byte, size))
			n, readErr := io.ReadFull(c, make([]byte, size))
			switch {
			case toxic.Reset:
				if writeErr == nil && readErr == nil {
					t.Errorf("%d bytes came through", n)
				}
			case toxic.Limit > 0:
				if n > toxic.Limit || readErr == nil {
					t.Errorf("%d bytes came through, want %d at most", n, toxic.Limit)
				}
			default:
				if writeErr != nil || readErr != nil || time.Since(began) < toxic.Delay {
					t.Errorf("after %s: %v, %v", time.Since(began), writeErr, readErr)
				}
			}
		})
	}
}
