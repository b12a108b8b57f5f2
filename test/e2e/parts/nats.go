package parts

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
)

// NATS is a running NATS server with JetStream and one data folder, at first empty.
type NATS struct {
	URL  string // for clients
	proc *process
}

// StartNATS runs a NATS server with its data in dir. Like any that is not told otherwise it answers before the disk has
// what it acknowledges.
func StartNATS(ctx context.Context, dir string) (*NATS, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("start nats-server: %w", err)
	}
	proc, err := start(ctx, natsServer, dir, nil, "-a", host, "-p", port, "-js", "-sd", filepath.Join(dir, "jetstream"))
	if err != nil {
		return nil, err
	}
	n := &NATS{URL: "nats://" + addr, proc: proc}
	err = proc.ready(ctx, func(ctx context.Context) error {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", addr)
		if err != nil {
			return fmt.Errorf("reach nats-server: %w", err)
		}
		return conn.Close()
	})
	if err != nil {
		n.Stop()
		return nil, err
	}
	return n, nil
}

// Stop ends the server and waits for it. The data stays.
func (n *NATS) Stop() { n.proc.Stop() }
