package parts

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"squirrly.dev/internal/bus/bustest/shipped"
	"squirrly.dev/internal/natsusers"
)

// Shipped is NATS as deploy/k8s configures it: the file of an overlay, but for addresses and folders, with the accounts of
// `squirrly nats-users`, and the certificate of the page's own commands where the overlay has TLS. Besides the users of the
// table there is [Admin], who may all, for tests that look.
type Shipped struct {
	URL   string            // of all nodes, for clients
	CA    string            // file of the authority that clients must trust; empty without TLS
	Users *natsusers.Folder // with the passwords

	nodes []*process
}

// Admin is the name and the password of a user who may do everything in the account of the streams.
const Admin = "admin-of-tests"

// Without takes something away from what is shipped, to measure what it costs.
type Without struct{ Users, TLS bool }

// StartShipped runs the nodes of an overlay, "base" or "overlays/prod", with their data in dir.
func StartShipped(ctx context.Context, dir, overlay string, o natsusers.Options) (*Shipped, error) {
	return StartWithout(ctx, dir, overlay, o, Without{})
}

// StartWithout is [StartShipped] with less. Without users anybody is admitted.
func StartWithout(ctx context.Context, dir, overlay string, o natsusers.Options, less Without) (*Shipped, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	config := shipped.Options{Root: root, Overlay: overlay, Dir: dir, TLS: filepath.Join(dir, "users"), Plain: less.TLS}
	s := &Shipped{}
	if s.Users, err = natsusers.Prepare(filepath.Join(dir, "users"), "", o); err == nil {
		err = s.Users.Write("", false)
	}
	if err != nil {
		return nil, fmt.Errorf("prepare NATS: %w", err)
	}
	if has, err := shipped.HasTLS(root, overlay); err != nil || has && !less.TLS {
		if err == nil {
			s.CA, err = certificate(ctx, dir)
		}
		if err != nil {
			return nil, err
		}
	}
	if !less.Users {
		config.Accounts = strings.Replace(s.Users.Conf, "users: [\n", fmt.Sprintf("users: [\n{ user: %[1]s, password: %[1]s }\n", Admin), 1)
	}
	nodes, err := shipped.Prepare(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("prepare NATS: %w", err)
	}
	if err := s.start(ctx, nodes); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// start runs the nodes, and waits until all are well.
func (s *Shipped) start(ctx context.Context, nodes []shipped.Node) error {
	var urls []string
	for _, n := range nodes {
		proc, err := start(ctx, natsServer, n.Dir, []string{"POD_NAME=" + n.Name}, "--config", n.File)
		if err != nil {
			return err
		}
		s.nodes, urls = append(s.nodes, proc), append(urls, n.URL())
	}
	s.URL = strings.Join(urls, ",")
	for i, n := range nodes {
		healthy := func(ctx context.Context) error { return get(ctx, "http://"+n.Monitor+"/healthz") }
		if err := s.nodes[i].ready(ctx, healthy); err != nil {
			return err
		}
	}
	return nil
}

// certificate makes the certificate as docs/kubernetes.md says, and returns the file of the authority.
func certificate(ctx context.Context, dir string) (string, error) {
	commands, err := Commands("TLS between services and NATS")
	if err != nil {
		return "", err
	}
	sh := exec.CommandContext(ctx, "sh", "-eu", "-c", "kubectl() { :; }\n"+commands)
	sh.Dir = dir
	if out, err := sh.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make the certificate: %w\n%s", err, out)
	}
	return filepath.Join(dir, "users", "ca.crt"), nil
}

// Env are the variables with which a process of Squirrly connects as a user.
func (s *Shipped) Env(user string) []string {
	env := []string{"SQUIRRLY_NATS_URL=" + s.URL, "SQUIRRLY_NATS_USER=" + user}
	if s.CA != "" {
		env = append(env, "SQUIRRLY_NATS_CA_FILE="+s.CA)
	}
	if user == Admin {
		return append(env, "SQUIRRLY_NATS_PASSWORD="+Admin)
	}
	return append(env, "SQUIRRLY_NATS_PASSWORD_FILE="+filepath.Join(s.Users.Dir, user+".password"))
}

// Password is that of a user of the table.
func (s *Shipped) Password(user string) string {
	for _, l := range s.Users.Users {
		if l.Name == user {
			return l.Password
		}
	}
	return ""
}

// Stop ends the nodes and waits for them.
func (s *Shipped) Stop() {
	for _, n := range s.nodes {
		n.Stop()
	}
}
