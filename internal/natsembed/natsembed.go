// Package natsembed runs a NATS server with JetStream inside the process: for `squirrly up`, for a profile in one
// process, and for tests. It knows nothing of Squirrly's streams.
package natsembed

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Options say where the server listens and keeps its data.
type Options struct {
	Dir        string // data directory; created when missing
	Port       int    // on 127.0.0.1; 0 is no listener at all, -1 a free port
	Name       string
	ClusterOf  []string // routes of a cluster of several servers, for tests
	RoutePort  int
	Advertise  string // address of its route port for the other servers; empty is the one it listens on
	SyncAlways bool   // fsync before every acknowledgement
	Accounts   string // file of nats-server configuration with accounts and users; empty lets everybody do everything
}

const readyTime = 20 * time.Second

// Start runs a server until Shutdown is called on it.
func Start(o Options) (*server.Server, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make NATS data directory: %w", err)
	}
	opts := &server.Options{
		ServerName: o.Name, Host: "127.0.0.1", Port: o.Port, DontListen: o.Port == 0,
		JetStream: true, StoreDir: filepath.Join(o.Dir, "nats"), NoSigs: true, NoLog: true, SyncAlways: o.SyncAlways,
		MaxPayload: 1 << 20,
	}
	if len(o.ClusterOf) > 0 {
		opts.Cluster = server.ClusterOpts{Name: "squirrly", Host: "127.0.0.1", Port: o.RoutePort, Advertise: o.Advertise}
		for _, r := range o.ClusterOf {
			u, err := url.Parse(r)
			if err != nil {
				return nil, fmt.Errorf("route of NATS cluster: %w", err)
			}
			opts.Routes = append(opts.Routes, u)
		}
	}
	if o.Accounts != "" {
		from, err := server.ProcessConfigFile(o.Accounts)
		if err != nil {
			return nil, fmt.Errorf("read NATS accounts: %w", err)
		}
		opts.Accounts, opts.Users, opts.NoAuthUser = from.Accounts, from.Users, from.NoAuthUser
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("make NATS server: %w", err)
	}
	s.Start()
	if !s.ReadyForConnections(readyTime) {
		s.Shutdown()
		return nil, errors.New("the NATS server did not start: is its port free, and its data directory writable?")
	}
	return s, nil
}
