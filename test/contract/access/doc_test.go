// Package access_test tries out, on a real NATS server, what the accounts of `squirrly nats-users` allow to users outside of
// Squirrly, and the example subscriber with them: what docs/events.md says of permissions.
package access_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/natsusers"
)

// root is the folder of the repository.
var root = filepath.Join("..", "..", "..")

// The users that are tried out: a requester of one job, and a subscriber.
const requester, subscriber, subscriberDurable = "orders-ci", "dashboard", "subscriber-dashboard"

// outside are the users beside the services.
func outside() natsusers.Options {
	return natsusers.Options{Requesters: []natsusers.Requester{{Name: requester, Scope: "prod/flink/orders"}}, Subscribers: []string{subscriber}}
}

func passwordOf(user string) string { return "secret-of-" + user + "-of-the-test" }

// start runs a server with the accounts that `squirrly nats-users` makes, and gives the connection of one who may do everything
// in the account of the streams.
func start(t *testing.T) (string, *bus.Bus) {
	t.Helper()
	users, err := natsusers.Users(outside())
	if err != nil {
		t.Fatal(err)
	}
	users = append(users, natsusers.User{Name: "squirrly", Account: natsusers.Streams, Publish: []string{">"}, Subscribe: []string{">"}})
	file := filepath.Join(t.TempDir(), natsusers.ConfigFile)
	if err := os.WriteFile(file, []byte(natsusers.Config(users, passwordOf)), 0o600); err != nil {
		t.Fatal(err)
	}
	url := bustest.Configured(t, file).ClientURL()
	b, err := bus.Connect(t.Context(), bus.Options{
		URL: url, Name: "squirrly", User: "squirrly", Password: passwordOf("squirrly"),
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	if err := b.Provision(t.Context(), bus.Topology{Subscribers: []string{subscriber}}); err != nil {
		t.Fatal(err)
	}
	return url, b
}

// as connects as a user with an inbox of its own.
func as(t *testing.T, url, user string) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	nc, err := nats.Connect(url, nats.UserInfo(user, passwordOf(user)), nats.CustomInboxPrefix("_INBOX_"+user),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { t.Log(user, err) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.NewWithAPIPrefix(nc, natsusers.APIPrefix)
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

// The page for requesters and subscribers shows their accounts as they are made.
func TestDocument_ShowsThePermissions(t *testing.T) {
	users, err := natsusers.Users(outside())
	if err != nil {
		t.Fatal(err)
	}
	conf := natsusers.Config(users, func(string) string { return "$2a$08$…" })
	_, accounts, found := strings.Cut(conf, "  "+natsusers.Requesters+" {\n")
	shown := "```\n  " + natsusers.Requesters + " {\n" + strings.TrimSuffix(accounts, "}\n") + "```\n"
	if !found || !strings.Contains(read(t, filepath.Join(root, "docs", "events.md")), shown) {
		t.Errorf("docs/events.md does not show the accounts of people outside:\n%s", shown)
	}
}
