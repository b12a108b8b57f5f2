// Package shipped brings the NATS configuration of deploy/ to this machine: the files as they are shipped, with free ports of the
// loopback interface and folders of a test in place of those of a cluster. Tests only; what runs the nodes is theirs to choose.
package shipped

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Overlays that have a configuration of their own, by their folders under deploy/k8s.
const (
	Base = "base"          // one node
	Prod = "overlays/prod" // three nodes and TLS
)

// Options say what is made of an overlay.
type Options struct {
	Root     string // of the repository
	Overlay  string
	Dir      string // where nodes keep all, each in a folder of its name
	Accounts string // text of accounts.conf; empty admits everybody
	TLS      string // folder of tls.crt, tls.key and ca.crt
	Plain    bool   // takes TLS away, to measure what it costs
}

// Node is one node with its configuration on the disk. POD_NAME in the environment of who reads it must be its name.
type Node struct {
	Name    string
	Dir     string
	File    string // to start the server with
	Client  string // address for clients
	Monitor string // address of /healthz
	TLS     bool   // clients must
}

// URL is for clients.
func (n Node) URL() string {
	if n.TLS {
		return "tls://" + n.Client
	}
	return "nats://" + n.Client
}

// tlsBlock is one block about TLS, of clients or of nodes.
var tlsBlock = regexp.MustCompile(`(?s)\n *tls \{.*?\}`)

// HasTLS reports whether an overlay asks for a certificate.
func HasTLS(root, overlay string) (bool, error) {
	text, _, err := read(root, overlay)
	return strings.Contains(text, folderTLS), err
}

const folderTLS = "/etc/nats-tls"

// Prepare writes the configuration of each node.
func Prepare(ctx context.Context, o Options) ([]Node, error) {
	text, common, err := read(o.Root, o.Overlay)
	if err != nil {
		return nil, err
	}
	if o.Plain {
		text = tlsBlock.ReplaceAllString(text, "")
	}
	var nodes []Node
	var routes []string
	for i := range max(1, strings.Count(text, ".nats-nodes:6222")) {
		a, err := addresses(ctx)
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf("nats-%d", i)
		dir := filepath.Join(o.Dir, name)
		nodes = append(nodes, Node{
			Name: name, Dir: dir, File: filepath.Join(dir, "nats.conf"), Client: a[0], Monitor: a[1], TLS: strings.Contains(text, folderTLS),
		})
		routes = append(routes, a[2])
	}
	for i, n := range nodes {
		here := []string{
			"0.0.0.0:4222", n.Client, "0.0.0.0:8222", n.Monitor, "0.0.0.0:6222", routes[i],
			folderTLS, o.TLS, "/data", filepath.Join(n.Dir, "data"),
		}
		for j, a := range routes {
			here = append(here, fmt.Sprintf("nats-%d.nats-nodes:6222", j), a)
		}
		place := strings.NewReplacer(here...)
		err := write(n.Dir, map[string]string{"nats.conf": place.Replace(text), "server.conf": place.Replace(common), "accounts.conf": o.Accounts})
		if err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

// read reads the files of an overlay: its own, and what it includes from the base.
func read(root, overlay string) (text, common string, err error) {
	k8s := filepath.Join(root, "deploy", "k8s")
	file := filepath.Join(k8s, overlay, "nats.conf")
	if overlay == Base {
		file = filepath.Join(k8s, "base", "nats", "nats.conf")
	}
	own, err := os.ReadFile(file)
	if err != nil {
		return "", "", fmt.Errorf("read the configuration of NATS: %w", err)
	}
	shared, err := os.ReadFile(filepath.Join(k8s, "base", "nats", "server.conf"))
	if err != nil {
		return "", "", fmt.Errorf("read the configuration of NATS: %w", err)
	}
	return string(own), string(shared), nil
}

func write(dir string, files map[string]string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write the configuration of NATS: %w", err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("write the configuration of NATS: %w", err)
		}
	}
	return nil
}

// addresses are three on the loopback interface where nobody listens.
func addresses(ctx context.Context) (all [3]string, err error) {
	var c net.ListenConfig
	for i := range all {
		l, err := c.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return all, fmt.Errorf("find a free port: %w", err)
		}
		defer func() { _ = l.Close() }() // all are found before one is given back
		all[i] = l.Addr().String()
	}
	return all, nil
}
