package bus_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"squirrly.dev/internal/bus"
)

// Servers that refuse the credentials are not waited for: no waiting mends that.
func TestConnect_Refused(t *testing.T) {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, Username: "squirrly", Password: "right", NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the server does not start")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if b, err := bus.Connect(ctx, bus.Options{URL: s.ClientURL(), User: "squirrly", Password: "wrong", Name: "test"}); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("%v, %v; want %v", b, err, bus.ErrClosed)
	}
}

// Credentials and authorities are files: what would be waited for is refused, whether or not a server is there.
func TestConnect_Pipes(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, o := range []bus.Options{{CredsFile: pipe}, {CAFile: pipe}} {
		o.URL, o.Name = "nats://127.0.0.1:1", "test"
		if _, err := bus.Connect(t.Context(), o); err == nil || !strings.Contains(err.Error(), pipe+" is a named pipe, not a file") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
