package bus_test

import (
	"context"
	"errors"
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
