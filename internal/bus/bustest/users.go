package bustest

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/natsusers"
)

// Everything is the user who may do everything; who connects without a name is this one.
const Everything = "test"

// Requester may ask for profiles, from its account, on every server of this package.
const Requester = "requester"

// Forward are the subjects on which a notifier may publish besides our own.
const Forward = "acme.>"

// Table is the table of users of the servers of this package, with [Everything] first.
func Table(topology bus.Topology) ([]natsusers.User, error) {
	users, err := natsusers.Users(natsusers.Options{
		Channels: topology.Channels, Forward: []string{Forward}, Requesters: []natsusers.Requester{{Name: Requester}},
		Subscribers: topology.Subscribers,
	})
	all := natsusers.User{Name: Everything, Account: natsusers.Streams, Publish: []string{">"}, Subscribe: []string{">"}}
	return append([]natsusers.User{all}, users...), err
}

// Password is that of a user of the servers of this package.
func Password(user string) string { return "password-of-" + user }

// accounts writes the configuration of a server with the users of the table, with passwords instead of their hashes, which
// take the server a while.
func accounts(t testing.TB, topology bus.Topology) string {
	t.Helper()
	users, err := Table(topology)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), natsusers.ConfigFile)
	conf := natsusers.Config(users, Password) + "no_auth_user: " + Everything + "\n"
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// As opens the connection of a service, as its user, to the server or the servers of another connection. What the server
// refuses it fails the test.
func As(t testing.TB, b *bus.Bus, user string) *bus.Bus {
	t.Helper()
	return AsAt(t, strings.Join(JetStream(b).Conn().Servers(), ","), user)
}

// AsAt is [As] with the address.
func AsAt(t testing.TB, url, user string) *bus.Bus {
	t.Helper()
	refused := &violations{out: t.Output()}
	closed := make(chan struct{})
	b, err := bus.Connect(t.Context(), bus.Options{
		URL: url, Name: "squirrly-" + user, User: user, Password: Password(user),
		Logger: slog.New(slog.NewTextHandler(refused, nil)),
		Client: []nats.Option{nats.ClosedHandler(func(*nats.Conn) { close(closed) })}, // the last that is called
	})
	if err != nil {
		t.Fatalf("connect as %s: %v", user, err)
	}
	t.Cleanup(func() {
		b.Close()
		select {
		case <-closed:
		case <-time.After(20 * time.Second):
			t.Errorf("the connection of %s does not close", user)
		}
		for _, v := range refused.all() {
			t.Errorf("%s: %s", user, v)
		}
	})
	return b
}

// Client opens a plain connection as a user, for what is none of our programs. What the server refuses it is logged.
func Client(t testing.TB, b *bus.Bus, user string) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(strings.Join(JetStream(b).Conn().Servers(), ","), nats.UserInfo(user, Password(user)),
		nats.CustomInboxPrefix(bus.InboxPrefix(user)), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			logger(t).Error("NATS error", "user", user, "error", err)
		}))
	if err != nil {
		t.Fatalf("connect as %s: %v", user, err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// violations are what the server says that a client may not do. It is told in the log.
type violations struct {
	out  io.Writer
	mu   sync.Mutex
	said []string
}

// Write takes a line of the log.
func (v *violations) Write(line []byte) (int, error) {
	if bytes.Contains(bytes.ToLower(line), []byte("permissions violation")) {
		v.mu.Lock()
		v.said = append(v.said, string(line))
		v.mu.Unlock()
	}
	return v.out.Write(line)
}

func (v *violations) all() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.said
}
