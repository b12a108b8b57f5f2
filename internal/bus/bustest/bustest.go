// Package bustest gives tests a real NATS server with Squirrly's streams. Tests only.
package bustest

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/internal/raw"
	"squirrly.dev/internal/natsembed"
)

// AckWait of the consumers in tests: short, so that a takeover takes a moment.
const AckWait = 1500 * time.Millisecond

// Start runs one server and returns a provisioned connection to it, which may do everything. A service under test connects
// with [As].
func Start(t testing.TB, channels ...string) *bus.Bus {
	t.Helper()
	return StartWith(t, bus.Topology{AckWait: AckWait, Channels: channels})
}

// StartWith is [Start] with another topology.
func StartWith(t testing.TB, topology bus.Topology) *bus.Bus {
	t.Helper()
	s, err := natsembed.Start(natsembed.Options{Dir: t.TempDir(), Port: -1, Name: "test", Accounts: accounts(t, topology)})
	if err != nil {
		t.Fatal(err)
	}
	s.SetLoggerV2(watch(t), false, false, false)
	t.Cleanup(func() { stop(s) })
	b := Connect(t, s.ClientURL(), "test")
	if err := b.Provision(t.Context(), topology); err != nil {
		t.Fatal(err)
	}
	return b
}

// Configured runs a server as a file of configuration says, on a free port of this machine, with nothing provisioned.
func Configured(t testing.TB, file string) *server.Server {
	t.Helper()
	o, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	o.Host, o.Port, o.NoSigs, o.NoLog, o.JetStream, o.StoreDir = "127.0.0.1", server.RANDOM_PORT, true, true, true, t.TempDir()
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { stop(s) })
	const patience = 20 * time.Second
	if !s.ReadyForConnections(patience) {
		t.Fatal("the server is not ready")
	}
	return s
}

// Cluster runs three servers and returns them with a connection whose streams have three replicas.
func Cluster(t testing.TB, channels ...string) ([]*server.Server, *bus.Bus) {
	t.Helper()
	servers, b, _ := Network(t, channels...)
	return servers, b
}

// Network is [Cluster] with the lines between the servers, which can be cut.
func Network(t testing.TB, channels ...string) ([]*server.Server, *bus.Bus, *Lines) {
	t.Helper()
	return NetworkWith(t, bus.Topology{Replicas: nodes, AckWait: AckWait, Channels: channels})
}

const nodes = 3

// NetworkWith is [Network] with another topology.
func NetworkWith(t testing.TB, topology bus.Topology) ([]*server.Server, *bus.Bus, *Lines) {
	t.Helper()
	refused := watch(t)
	servers, lines := Nodes(t, accounts(t, topology))
	for _, s := range servers {
		s.SetLoggerV2(refused, false, false, false)
	}
	b := Connect(t, URLs(servers), "test")
	if err := b.Provision(t.Context(), topology); err != nil {
		t.Fatal(err)
	}
	return servers, b, lines
}

// URLs are the addresses of servers, for clients.
func URLs(servers []*server.Server) string {
	all := make([]string, len(servers))
	for i, s := range servers {
		all[i] = s.ClientURL()
	}
	return strings.Join(all, ",")
}

// Nodes runs three servers as one cluster, with the accounts of a file, with nothing provisioned.
func Nodes(t testing.TB, file string) ([]*server.Server, *Lines) {
	t.Helper()
	const n = nodes
	ports := freePorts(t, n)
	lines := newLines(t, ports)
	servers := make([]*server.Server, n)
	started := make(chan error, n)
	for i := range n {
		o := natsembed.Options{
			Dir: t.TempDir(), Port: -1, Name: fmt.Sprintf("n%d", i), RoutePort: ports[i],
			ClusterOf: lines.routes(i), Advertise: nowhere, Accounts: file,
		}
		go func() {
			s, err := natsembed.Start(o)
			if err == nil {
				if addr, ok := s.Addr().(*net.TCPAddr); ok {
					o.Port = addr.Port // clients find it again there
				}
				options.Store(s, o)
			}
			servers[i] = s
			started <- err
		}()
	}
	for range n {
		if err := <-started; err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, s := range servers {
			stop(s)
		}
	})
	waitForLeader(t, servers)
	return servers, lines
}

// options are those of the servers of clusters, by server.
var options sync.Map //nolint:gochecknoglobals // of tests, which have the servers only.

// Restart starts the server of a cluster again that a test has shut down, with its data and on its ports.
func Restart(t testing.TB, servers []*server.Server, i int) {
	t.Helper()
	servers[i].WaitForShutdown()
	o, ok := options.LoadAndDelete(servers[i])
	if !ok {
		t.Fatal("not the server of a cluster")
	}
	s, err := natsembed.Start(o.(natsembed.Options))
	if err != nil {
		t.Fatal(err)
	}
	s.SetLoggerV2(watch(t), false, false, false)
	options.Store(s, o)
	servers[i] = s
}

// Leader returns the index of the server that leads a stream.
func Leader(t testing.TB, servers []*server.Server, b *bus.Bus, stream string) int {
	t.Helper()
	s, err := JetStream(b).Stream(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	name := s.CachedInfo().Cluster.Leader
	for i, srv := range servers {
		if srv.Name() == name {
			return i
		}
	}
	t.Fatalf("leader %q of %s is none of the servers", name, stream)
	return -1
}

// Connect opens another connection to a server of this package.
func Connect(t testing.TB, url, name string) *bus.Bus {
	t.Helper()
	return connect(t, bus.Options{URL: url, Name: name})
}

func connect(t testing.TB, o bus.Options) *bus.Bus {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	o.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	b, err := bus.Connect(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func stop(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

func waitForLeader(t testing.TB, servers []*server.Server) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		for _, s := range servers {
			if s.JetStreamIsLeader() && len(s.JetStreamClusterPeers()) == len(servers) {
				return
			}
		}
	}
	t.Fatal("the cluster has no leader after 30 s")
}

func freePorts(t testing.TB, n int) []int {
	t.Helper()
	ports := make([]int, n)
	for i := range n {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		addr, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			t.Fatal("not a TCP address")
		}
		ports[i] = addr.Port
	}
	return ports
}

// JetStream returns the client of a bus, with which tests look at what is stored.
func JetStream(b *bus.Bus) jetstream.JetStream { return raw.JetStream(b) }
