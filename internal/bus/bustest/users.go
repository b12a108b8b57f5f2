package bustest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

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

// As opens the connection of a service, as its user, to the server or the servers of another connection. What a server
// refuses a user fails the test.
func As(t testing.TB, b *bus.Bus, user string) *bus.Bus {
	t.Helper()
	return AsAt(t, strings.Join(JetStream(b).Conn().Servers(), ","), user)
}

// AsAt is [As] with the address.
func AsAt(t testing.TB, url, user string) *bus.Bus {
	t.Helper()
	return connect(t, bus.Options{URL: url, Name: "squirrly-" + user, User: user, Password: Password(user)})
}

// Client opens a plain connection as a user, for what is none of our programs. What the server refuses it fails the test.
func Client(t testing.TB, b *bus.Bus, user string) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(strings.Join(JetStream(b).Conn().Servers(), ","), nats.UserInfo(user, Password(user)),
		nats.CustomInboxPrefix(bus.InboxPrefix(user)))
	if err != nil {
		t.Fatalf("connect as %s: %v", user, err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// watch fails the test for everything that a server refuses a user, whoever and in whichever process that is. It is called
// before what stops the server is left to the end of the test.
func watch(t testing.TB) *complaints {
	t.Helper()
	c := &complaints{}
	t.Cleanup(func() {
		for _, said := range c.all() {
			t.Error(said)
		}
	})
	return c
}

// complaints is the log of a server that keeps what is forbidden.
type complaints struct {
	mu   sync.Mutex
	said []string
}

func (c *complaints) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.said
}

// Errorf implements server.Logger.
func (c *complaints) Errorf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	if !strings.Contains(text, "Violation") && !strings.Contains(text, "Authorization") {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = append(c.said, text)
}

// Noticef implements server.Logger.
func (*complaints) Noticef(string, ...any) {}

// Warnf implements server.Logger.
func (*complaints) Warnf(string, ...any) {}

// Fatalf implements server.Logger.
func (*complaints) Fatalf(string, ...any) {}

// Debugf implements server.Logger.
func (*complaints) Debugf(string, ...any) {}

// Tracef implements server.Logger.
func (*complaints) Tracef(string, ...any) {}
