// Package access_test tries out, on a real NATS server, what examples/nats-permissions.conf allows to users outside of
// Squirrly, and the example subscriber with it. Every line of that file is used here, and what it leaves out is refused.
package access_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
)

// root is the folder of the repository.
var root = filepath.Join("..", "..", "..")

// The users of the file, each with the variable that holds the password.
var passwords = map[string]string{
	"squirrly": "SQUIRRLY_NATS_PASSWORD", "orders-ci": "ORDERS_CI_PASSWORD",
	"dashboard": "DASHBOARD_PASSWORD", "audit": "AUDIT_PASSWORD",
}

// start runs a server with the permissions of the file, and gives Squirrly's own connection to it.
func start(t *testing.T) (string, *bus.Bus) {
	t.Helper()
	for user, variable := range passwords {
		t.Setenv(variable, "secret-of-"+user)
	}
	o, err := server.ProcessConfigFile(filepath.Join(root, "examples", "nats-permissions.conf"))
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Users) != len(passwords) {
		t.Fatalf("%d users, %d are tested", len(o.Users), len(passwords))
	}
	o.Host, o.Port, o.NoSigs, o.NoLog = "127.0.0.1", server.RANDOM_PORT, true, true
	o.JetStream, o.StoreDir = true, t.TempDir()
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the server is not ready")
	}
	b, err := bus.Connect(t.Context(), bus.Options{
		URL: s.ClientURL(), Name: "squirrly", User: "squirrly", Password: "secret-of-squirrly",
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	if err := b.Provision(t.Context(), bus.Topology{}); err != nil {
		t.Fatal(err)
	}
	return s.ClientURL(), b
}

// as connects as a user with an inbox of its own.
func as(t *testing.T, url, user string) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	nc, err := nats.Connect(url, nats.UserInfo(user, "secret-of-"+user), nats.CustomInboxPrefix("_INBOX_"+user),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { t.Log(user, err) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return nc, js
}

// mayPublish reports whether the server takes a message of a user on a subject, whatever it then does with it.
func mayPublish(t *testing.T, url, user, subject string) bool {
	t.Helper()
	nc, _ := as(t, url, user)
	defer nc.Close()
	if err := nc.Publish(subject, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	return permitted(t, nc)
}

// maySubscribe reports whether the server lets a user listen on a subject.
func maySubscribe(t *testing.T, url, user, subject string) bool {
	t.Helper()
	nc, _ := as(t, url, user)
	defer nc.Close()
	if _, err := nc.SubscribeSync(subject); err != nil {
		t.Fatal(err)
	}
	return permitted(t, nc)
}

// permitted waits until the server has seen all, and says whether it complained.
func permitted(t *testing.T, nc *nats.Conn) bool {
	t.Helper()
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	err := nc.LastError()
	if err != nil && !errors.Is(err, nats.ErrPermissionViolation) {
		t.Fatal(err)
	}
	return err == nil
}

// soon bounds a call that is refused: a refusal looks like a timeout.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	t.Cleanup(cancel)
	return ctx
}

// The page for requesters and subscribers shows the file as it is.
func TestDocument_ShowsThePermissions(t *testing.T) {
	conf := read(t, filepath.Join(root, "examples", "nats-permissions.conf"))
	if !strings.Contains(read(t, filepath.Join(root, "docs", "events.md")), "```\n"+conf+"```\n") {
		t.Error("docs/events.md shows other permissions than examples/nats-permissions.conf")
	}
}
