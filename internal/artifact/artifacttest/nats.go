package artifacttest

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/natsembed"
)

// JetStream runs one server, or a cluster of several, with the artifact bucket on all of them.
func JetStream(t testing.TB, nodes int) ([]*server.Server, jetstream.JetStream) {
	t.Helper()
	servers := start(t, nodes)
	conn, err := nats.Connect(servers[0].ClientURL(), nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	if err := CreateBucket(t.Context(), js, nodes); err != nil {
		t.Fatal(err)
	}
	return servers, js
}

// CreateBucket makes the artifact bucket. A cluster that has just started has no leader yet, so it is tried for a
// while.
func CreateBucket(ctx context.Context, js jetstream.JetStream, replicas int) error {
	const patience, pause = 30 * time.Second, 100 * time.Millisecond
	var err error
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(pause) {
		call, cancel := context.WithTimeout(ctx, 2*time.Second)
		_, err = js.CreateOrUpdateStream(call, artifact.StreamConfig(replicas, jetstream.FileStorage))
		cancel()
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("create the artifact bucket: %w", err)
	}
	return nil
}

func start(t testing.TB, nodes int) []*server.Server {
	t.Helper()
	all := make([]*server.Server, nodes)
	options, err := Cluster(t.Context(), nodes, func(int) string { return t.TempDir() })
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan error, nodes)
	for i, o := range options {
		go func() {
			s, err := natsembed.Start(o)
			all[i] = s
			started <- err
		}()
	}
	for range nodes {
		if err := <-started; err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, s := range all {
			s.Shutdown()
			s.WaitForShutdown()
		}
	})
	return all
}

// Cluster lays servers out that know each other, with their data in the given folders; one alone has no routes.
func Cluster(ctx context.Context, nodes int, dir func(node int) string) ([]natsembed.Options, error) {
	ports, err := freePorts(ctx, 2*nodes)
	if err != nil {
		return nil, err
	}
	var routes []string
	for i := range nodes {
		if nodes > 1 {
			routes = append(routes, fmt.Sprintf("nats-route://127.0.0.1:%d", ports[nodes+i]))
		}
	}
	all := make([]natsembed.Options, nodes)
	for i := range nodes {
		all[i] = natsembed.Options{Dir: dir(i), Port: ports[i], Name: fmt.Sprintf("n%d", i), ClusterOf: routes, RoutePort: ports[nodes+i]}
	}
	return all, nil
}

// freePorts are free on 127.0.0.1 at this moment.
func freePorts(ctx context.Context, n int) ([]int, error) {
	ports := make([]int, n)
	for i := range n {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer func() { _ = l.Close() }() // held until all are found
		if addr, ok := l.Addr().(*net.TCPAddr); ok {
			ports[i] = addr.Port
		}
	}
	return ports, nil
}
