package lab

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"
)

// NATS is one NATS server, or a cluster of several, each a process with a store of its own. Each pair of nodes speaks
// over links of its own, so that a node can be cut from the others while clients still reach it.
type NATS struct {
	Nodes []*Node
}

// Node is one NATS server.
type Node struct {
	*Process

	Addr   string // for clients
	Line   *Link  // the way of the services to it
	Store  string // folder of its streams
	routes string // address for the other nodes
	links  []*Link
}

// startTime bounds the start of a server; a busy machine with two cores needs a good part of it.
const startTime = 2 * time.Minute

// conf has fsync before each acknowledgement, as deploy/ has it, and reserves nothing of the disk. The address that it
// advertises for routes is one where nobody listens: nodes meet on the links only.
var conf = template.Must(template.New("conf").Parse(`
server_name: {{.Name}}
listen: "{{.Addr}}"
jetstream { store_dir: "{{.Store}}", max_file_store: 64GB, max_memory_store: 256MB, sync_interval: always }
{{if .Routes}}cluster {
  name: chaos
  listen: "{{.Listen}}"
  cluster_advertise: "127.0.0.1:9"
  no_advertise: true
  routes: [{{range .Routes}} "nats://{{.}}", {{end}}]
}
{{end}}`))

// StartNATS runs so many nodes with their data below dir. store prepares the folder for the streams of a node.
func StartNATS(ctx context.Context, root, dir string, nodes int, store func(folder string) error) (*NATS, error) {
	path, err := part(root, "nats-server")
	if err != nil {
		return nil, err
	}
	n := &NATS{}
	for i := range nodes {
		node, err := newNode(ctx, path, dir, i+1)
		if err != nil {
			return nil, err
		}
		if err := store(node.Store); err != nil {
			return nil, err
		}
		n.Nodes = append(n.Nodes, node)
	}
	for _, node := range n.Nodes {
		if err := n.configure(ctx, node, dir); err != nil {
			return nil, err
		}
	}
	if err := n.start(ctx); err != nil {
		n.Stop()
		return nil, err
	}
	return n, nil
}

func (n *NATS) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for _, node := range n.Nodes {
		if err := node.Start(); err != nil {
			return err
		}
	}
	for _, node := range n.Nodes {
		if err := node.listens(ctx); err != nil {
			return err
		}
	}
	return nil
}

// newNode is a node with free ports.
func newNode(ctx context.Context, path, dir string, number int) (*Node, error) {
	name := fmt.Sprintf("n%d", number)
	n := &Node{Store: filepath.Join(dir, fmt.Sprintf("store%d", number))}
	n.Process = newProcess(dir, name, path, nil, "-c", filepath.Join(dir, name+".conf"))
	var err error
	if n.Addr, err = freeAddr(ctx); err != nil {
		return nil, err
	}
	if n.routes, err = freeAddr(ctx); err != nil {
		return nil, err
	}
	n.Line, err = NewLink(ctx, n.Addr)
	return n, err
}

// listens waits until a node takes clients. Whether it has a leader is another question.
func (n *Node) listens(ctx context.Context) error {
	err := until(ctx, n.Name, func(ctx context.Context) error {
		var d net.Dialer
		c, err := d.DialContext(ctx, "tcp", n.Addr)
		if err != nil {
			return fmt.Errorf("connect to %s: %w", n.Name, err)
		}
		return c.Close()
	})
	if err != nil {
		return fmt.Errorf("%w\n%s", err, n.Tail())
	}
	return nil
}

// configure writes the configuration of a node, with a link to each of the others.
func (n *NATS) configure(ctx context.Context, node *Node, dir string) error {
	var routes []string
	for _, other := range n.Nodes {
		if other == node {
			continue
		}
		k, err := NewLink(ctx, other.routes)
		if err != nil {
			return err
		}
		node.links, other.links = append(node.links, k), append(other.links, k)
		routes = append(routes, k.Addr)
	}
	f, err := os.Create(filepath.Join(dir, node.Name+".conf"))
	if err != nil {
		return fmt.Errorf("configure %s: %w", node.Name, err)
	}
	err = conf.Execute(f, map[string]any{
		"Name": node.Name, "Addr": node.Addr, "Store": node.Store, "Listen": node.routes, "Routes": routes,
	})
	if err != nil {
		return fmt.Errorf("configure %s: %w", node.Name, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("configure %s: %w", node.Name, err)
	}
	return nil
}

// URL names every node directly, for who is not to be disturbed.
func (n *NATS) URL() string {
	return n.urls(func(node *Node) string { return node.Addr })
}

// LineURL names every node by the line that leads to it, for the services.
func (n *NATS) LineURL() string {
	return n.urls(func(node *Node) string { return node.Line.Addr })
}

func (n *NATS) urls(addr func(*Node) string) string {
	var all []string
	for _, node := range n.Nodes {
		all = append(all, "nats://"+addr(node))
	}
	return strings.Join(all, ",")
}

// Find is the node with a name, such as the one that the cluster calls its leader; nil when there is none.
func (n *NATS) Find(name string) *Node {
	if i := slices.IndexFunc(n.Nodes, func(node *Node) bool { return node.Name == name }); i >= 0 {
		return n.Nodes[i]
	}
	return nil
}

// Stop ends every node.
func (n *NATS) Stop() {
	for _, node := range n.Nodes {
		node.Stop(5 * time.Second)
		node.Line.Close()
		for _, k := range node.links {
			k.Close()
		}
	}
}

// Isolate cuts a node from the others. Clients still reach it.
func (n *Node) Isolate() {
	for _, k := range n.links {
		k.Cut()
	}
}

// Join ends the isolation.
func (n *Node) Join() {
	for _, k := range n.links {
		k.Mend()
	}
}
