package stores_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/artifact/artifacttest"
	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/natsembed"
	"squirrly.dev/test/e2e/parts"
)

// access is how a process reaches a store.
type access struct {
	NATS string `json:",omitempty"` // servers, with commas between; or
	S3   s3     `json:"S3,omitzero"`
}

type s3 struct{ Endpoint, AccessKey, SecretKey string }

func config(srv *parts.S3) s3 { return s3{srv.Endpoint, srv.AccessKey, srv.SecretKey} }

func (a access) open(ctx context.Context) (*artifact.Store, error) {
	if a.S3 != (s3{}) {
		return artifact.OpenS3(artifact.S3Config{
			Endpoint: a.S3.Endpoint, Bucket: "squirrly", Region: "us-east-1",
			AccessKey: a.S3.AccessKey, SecretKey: daemon.Secret(a.S3.SecretKey),
		})
	}
	js, err := a.jetStream(ctx)
	if err != nil {
		return nil, err
	}
	return artifact.OpenJetStream(js), nil
}

func (a access) jetStream(context.Context) (jetstream.JetStream, error) {
	conn, err := nats.Connect(a.NATS, nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond), nats.RetryOnFailedConnect(true))
	if err != nil {
		return nil, err
	}
	return jetstream.New(conn)
}

// servers are those of one store.
type servers interface {
	access() access
	// crash kills one with SIGKILL and starts it again on its data after a moment.
	crash(ctx context.Context) error
}

// s3Server is one S3 server.
type s3Server struct{ *parts.S3 }

func (s s3Server) access() access { return access{S3: config(s.S3)} }

func (s s3Server) crash(ctx context.Context) error {
	s.Kill()
	moment()
	return s.Start(ctx)
}

func startS3Server(start startS3) func(*testing.T) servers {
	return func(t *testing.T) servers {
		t.Helper()
		srv, err := start(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(srv.Stop)
		s := s3Server{srv}
		store, err := s.access().open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := store.EnsureBucket(t.Context()); err != nil && !errors.Is(err, artifact.ErrNoExpiry) {
			t.Fatal(err)
		}
		return s
	}
}

// moment is how long a server stays away.
func moment() { time.Sleep(time.Duration(rand.IntN(500)) * time.Millisecond) }

// natsServers are nodes of JetStream, each a process of its own.
type natsServers struct {
	dir   string
	nodes []natsembed.Options
	procs []*parts.Self
}

const nodeVariable = "SQUIRRLY_TEST_NODE" // options of a node, as JSON

// serveNode is the main function of a node.
func serveNode(context.Context) error {
	var o natsembed.Options
	if err := json.Unmarshal([]byte(os.Getenv(nodeVariable)), &o); err != nil {
		return err
	}
	const tries = 5 // a busy machine may take longer than a start is given
	var err error
	for range tries {
		s, startErr := natsembed.Start(o)
		if startErr == nil {
			s.WaitForShutdown()
			return nil
		}
		err = startErr
		fmt.Fprintln(os.Stderr, time.Now(), err)
	}
	return err
}

func startNATS(nodes int) func(*testing.T) servers {
	return func(t *testing.T) servers {
		t.Helper()
		dir := t.TempDir()
		options, err := artifacttest.Cluster(t.Context(), nodes, func(n int) string { return filepath.Join(dir, strconv.Itoa(n)) })
		if err != nil {
			t.Fatal(err)
		}
		s := &natsServers{dir: dir, nodes: options, procs: make([]*parts.Self, nodes)}
		for i := range nodes {
			if err := s.start(t.Context(), i); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.procs[i].Kill() })
		}
		js, err := s.access().jetStream(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(js.Conn().Close)
		if err := artifacttest.CreateBucket(t.Context(), js, nodes); err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func (s *natsServers) access() access {
	var urls []string
	for _, o := range s.nodes {
		urls = append(urls, fmt.Sprintf("nats://127.0.0.1:%d", o.Port))
	}
	return access{NATS: strings.Join(urls, ",")}
}

func (s *natsServers) start(ctx context.Context, i int) error {
	o, err := json.Marshal(s.nodes[i])
	if err != nil {
		return err
	}
	logs := filepath.Join(s.dir, "log"+strconv.Itoa(i))
	if err := os.MkdirAll(logs, 0o700); err != nil {
		return err
	}
	if s.procs[i], err = parts.StartSelf(ctx, logs, roleVariable+"="+roleNode, nodeVariable+"="+string(o)); err != nil {
		return err
	}
	return listening(ctx, s.procs[i], s.nodes[i].Port)
}

// crash kills any of the nodes.
func (s *natsServers) crash(ctx context.Context) error {
	i := rand.IntN(len(s.procs))
	s.procs[i].Kill()
	moment()
	return s.start(ctx, i)
}

// listening waits until a process listens on a port of 127.0.0.1.
func listening(ctx context.Context, proc *parts.Self, port int) error {
	const patience = 2 * time.Minute
	for until := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return conn.Close()
		}
		select {
		case <-proc.Done():
			return errors.Join(errors.New("the node ended"), proc.Err())
		default:
		}
		if time.Now().After(until) {
			return err
		}
	}
}
