package bustest

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
)

// Silent starts a NATS server that lets every client in and answers no request, until the test ends, and returns its URL. Each
// request is told to hear, which may be nil.
func Silent(t testing.TB, hear func(request string)) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
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
			go converse(c, hear)
		}
	}()
	return "nats://" + l.Addr().String()
}

func converse(c net.Conn, hear func(string)) {
	defer func() { _ = c.Close() }()
	_, _ = io.WriteString(c, `INFO {"server_id":"X","version":"2.12.0","proto":1,"headers":true,"max_payload":1048576,"jetstream":true}`+"\r\n")
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		line := lines.Text()
		switch verb, _, _ := strings.Cut(line, " "); {
		case verb == "PING":
			_, _ = io.WriteString(c, "PONG\r\n")
		case hear != nil && (verb == "PUB" || verb == "HPUB"):
			hear(line)
		}
	}
}
