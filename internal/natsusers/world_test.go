package natsusers_test

import (
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/crypto/bcrypt"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/bus/bustest/shipped"
	"squirrly.dev/internal/natsusers"
)

// world is a server with the users of the table, and one more that sees and may all.
type world struct {
	*testing.T

	urls  []string
	ca    string // file of the authority of the servers; empty: no TLS
	creds string // folder of credentials; empty: names and passwords
	users []natsusers.User
	admin *bus.Bus
	js    jetstream.JetStream
}

var options = natsusers.Options{
	Channels: []string{"log", "webhook"}, Forward: []string{"acme.flink.>"},
	Requesters:  []natsusers.Requester{{Name: "requester"}, {Name: "orders-ci", Scope: "prod/flink/orders"}},
	Subscribers: []string{"subscriber", "dashboard"},
}

const admin = "admin-of-tests"

func start(t *testing.T) *world {
	t.Helper()
	return startOn(t, shipped.Base)
}

// onNodes is a test on the one server that deploy/ ships, and on its three with TLS.
func onNodes(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	for name, overlay := range map[string]string{"one server": shipped.Base, "three nodes": shipped.Prod} {
		t.Run(name, func(t *testing.T) {
			w := startOn(t, overlay)
			w.provision()
			test(t, w)
		})
	}
}

func startOn(t *testing.T, overlay string) *world {
	t.Helper()
	w := &world{T: t}
	all := w.table()
	hashes := map[string]string{}
	for _, u := range all {
		h, err := bcrypt.GenerateFromPassword([]byte(password(u.Name)), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		hashes[u.Name] = string(h)
	}
	nodes, ca := bustest.Shipped(t, filepath.Join("..", ".."), overlay, natsusers.Config(all, func(u string) string { return hashes[u] }))
	for _, n := range nodes {
		w.urls = append(w.urls, n.URL())
		if n.TLS {
			w.ca = ca
		}
	}
	w.admin = w.bus(admin)
	w.js = bustest.JetStream(w.admin)
	return w
}

// table is that of the users, with one who may do everything.
func (w *world) table() []natsusers.User {
	w.Helper()
	var err error
	if w.users, err = natsusers.Users(options); err != nil {
		w.Fatal(err)
	}
	return append([]natsusers.User{{Name: admin, Account: natsusers.Streams, Publish: []string{">"}, Subscribe: []string{">"}}}, w.users...)
}

func password(user string) string { return "password-of-" + user }

// bus connects as a user, as its service does.
func (w *world) bus(user string) *bus.Bus {
	w.Helper()
	o := bus.Options{
		URL: w.urls[0], CAFile: w.ca, Name: "squirrly-" + user, User: user, Password: password(user), Impatient: true,
		Logger: slog.New(slog.NewTextHandler(w.Output(), nil)),
	}
	if w.creds != "" {
		o.CredsFile, o.Password = credentials(w.creds, user), ""
	}
	b, err := bus.Connect(w.Context(), o)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(b.Close)
	return b
}

// provision makes the topology with the rights of its user alone.
func (w *world) provision() {
	w.Helper()
	b := w.bus(natsusers.Provision)
	defer b.Close()
	err := b.Provision(w.Context(), bus.Topology{Channels: options.Channels, Subscribers: options.Subscribers, Replicas: len(w.urls)})
	if err != nil {
		w.Fatal(err)
	}
}

// client is a plain connection that keeps what the server complains of.
type client struct {
	*nats.Conn

	user   string
	mu     sync.Mutex
	errors []string
}

func (w *world) client(user string) *client {
	w.Helper()
	c := &client{user: user}
	var err error
	at := w.urls[slices.IndexFunc(w.users, func(u natsusers.User) bool { return u.Name == user })%len(w.urls)]
	who := nats.UserInfo(user, password(user))
	if w.creds != "" {
		who = nats.UserCredentials(credentials(w.creds, user))
	}
	secured := func(*nats.Options) error { return nil }
	if w.ca != "" {
		secured = nats.RootCAs(w.ca)
	}
	c.Conn, err = nats.Connect(at, who, secured, nats.CustomInboxPrefix(bus.InboxPrefix(user)),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			c.mu.Lock()
			c.errors = append(c.errors, err.Error())
			c.mu.Unlock()
		}))
	if err != nil {
		w.Fatal(user, err)
	}
	w.Cleanup(c.Close)
	return c
}

// refused reports whether the server has said that this user may not publish, or subscribe, there.
func (c *client) refused(verb, subject string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.errors {
		if strings.Contains(strings.ToLower(e), "permissions violation for "+verb+` to "`+strings.ToLower(subject)+`"`) {
			return true
		}
	}
	return false
}

// settled waits until the server has seen all that was sent, and the client all that it said.
func (c *client) settled(t *testing.T) {
	t.Helper()
	for range 2 {
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// stored is how many messages a stream holds on a subject.
func (w *world) stored(stream, subject string) uint64 {
	w.Helper()
	s, err := w.js.Stream(w.Context(), stream)
	if err != nil {
		w.Fatal(err)
	}
	info, err := s.Info(w.Context(), jetstream.WithSubjectFilter(subject))
	if err != nil {
		w.Fatal(err)
	}
	var n uint64
	for _, of := range info.State.Subjects {
		n += of
	}
	return n
}
