package lab_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"squirrly.dev/test/chaos/internal/lab"
)

// echo is a server that sends back what it gets.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c) }()
		}
	}()
	return l.Addr().String()
}

func TestLink(t *testing.T) {
	k, err := lab.NewLink(t.Context(), echo(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", k.Addr)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(c)
	say := func(what string, patience time.Duration) (string, error) {
		if _, err := io.WriteString(c, what+"\n"); err != nil {
			t.Fatal(err)
		}
		if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		return lines.ReadString('\n')
	}
	if got, err := say("one", time.Minute); got != "one\n" {
		t.Fatalf("an open link gave %q, %v", got, err)
	}
	k.Cut()
	if got, err := say("two", 200*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("a cut link gave %q, %v; it should be silent, and not closed", got, err)
	}
	k.Mend()
	if got, err := say("three", time.Minute); got != "two\n" {
		t.Fatalf("a mended link gave %q, %v; what was held comes first", got, err)
	}
	k.Close()
	if _, err := io.ReadAll(lines); err != nil && !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Logf("closed: %v", err)
	}
}
