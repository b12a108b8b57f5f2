package bustest

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"squirrly.dev/internal/bus/bustest/shipped"
)

// Shipped runs the nodes of an overlay of deploy/ in this process, with the text of their accounts, and nothing provisioned. It returns
// them with the file of the authority that clients must trust. root is the folder of the repository.
func Shipped(t *testing.T, root, overlay, accounts string) (nodes []shipped.Node, ca string) {
	t.Helper()
	dir := t.TempDir()
	ca, err := shipped.Certificate(dir)
	if err != nil {
		t.Fatal(err)
	}
	nodes, err = shipped.Prepare(t.Context(), shipped.Options{Root: root, Overlay: overlay, Dir: dir, Accounts: accounts, TLS: dir})
	if err != nil {
		t.Fatal(err)
	}
	var all []*server.Server
	for _, n := range nodes {
		t.Setenv("POD_NAME", n.Name) // as in its pod
		o, err := server.ProcessConfigFile(n.File)
		if err != nil {
			t.Fatal(err)
		}
		o.NoSigs, o.NoLog = true, true
		s, err := server.NewServer(o)
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		t.Cleanup(func() { stop(s) })
		all = append(all, s)
	}
	const patience = 20 * time.Second
	for _, s := range all {
		if !s.ReadyForConnections(patience) {
			t.Fatal("the server is not ready")
		}
	}
	if len(all) > 1 {
		waitForLeader(t, all)
	}
	return nodes, ca
}
