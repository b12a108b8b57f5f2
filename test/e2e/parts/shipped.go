package parts

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

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
	c, err := readConfig(dir, overlay)
	if err != nil {
		return nil, err
	}
	if less.TLS {
		c.text = tlsBlock.ReplaceAllString(c.text, "")
	}
	s := &Shipped{}
	if s.Users, err = natsusers.Prepare(filepath.Join(dir, "users"), "", o); err == nil {
		err = s.Users.Write("", false)
	}
	if err == nil && c.tls() {
		s.CA, err = c.certificate(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("prepare NATS: %w", err)
	}
	if err := c.addresses(ctx); err != nil {
		return nil, err
	}
	accounts := strings.Replace(s.Users.Conf, "users: [\n", fmt.Sprintf("users: [\n{ user: %[1]s, password: %[1]s }\n", Admin), 1)
	if less.Users {
		accounts = ""
	}
	var urls []string
	for i := range c.clients {
		proc, err := c.start(ctx, i, accounts)
		if err != nil {
			s.Stop()
			return nil, err
		}
		s.nodes = append(s.nodes, proc)
		urls = append(urls, c.scheme()+c.clients[i])
	}
	s.URL = strings.Join(urls, ",")
	for i, proc := range s.nodes {
		healthy := func(ctx context.Context) error { return get(ctx, "http://"+c.monitors[i]+"/healthz") }
		if err := proc.ready(ctx, healthy); err != nil {
			s.Stop()
			return nil, err
		}
	}
	return s, nil
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

// tlsBlock is one block about TLS, of clients or of nodes.
var tlsBlock = regexp.MustCompile(`(?s)\n *tls \{.*?\}`)

// config is a shipped configuration on its way to this machine.
type config struct {
	dir, text, common           string // where nodes keep all; nats.conf and server.conf
	clients, monitors, clusters []string
}

func readConfig(dir, overlay string) (*config, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	k8s := filepath.Join(root, "deploy", "k8s")
	file := filepath.Join(k8s, overlay, "nats.conf")
	if overlay == "base" {
		file = filepath.Join(k8s, "base", "nats", "nats.conf")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the configuration of NATS: %w", err)
	}
	common, err := os.ReadFile(filepath.Join(k8s, "base", "nats", "server.conf"))
	if err != nil {
		return nil, fmt.Errorf("read the configuration of NATS: %w", err)
	}
	return &config{dir: dir, text: string(text), common: string(common)}, nil
}

// nodes is how many nodes the configuration names.
func (c *config) nodes() int { return max(1, strings.Count(c.text, ".nats-nodes:6222")) }

func (c *config) tls() bool { return strings.Contains(c.text, "/etc/nats-tls/") }

func (c *config) scheme() string {
	if c.tls() {
		return "tls://"
	}
	return "nats://"
}

// addresses finds free ones for all nodes.
func (c *config) addresses(ctx context.Context) error {
	for range c.nodes() {
		for _, of := range []*[]string{&c.clients, &c.monitors, &c.clusters} {
			a, err := freeAddr(ctx)
			if err != nil {
				return err
			}
			*of = append(*of, a)
		}
	}
	return nil
}

// certificate makes the certificate as the page says, and returns the file of the authority.
func (c *config) certificate(ctx context.Context) (string, error) {
	commands, err := Commands("TLS between services and NATS")
	if err != nil {
		return "", err
	}
	sh := exec.CommandContext(ctx, "sh", "-eu", "-c", "kubectl() { :; }\n"+commands)
	sh.Dir = c.dir
	if out, err := sh.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make the certificate: %w\n%s", err, out)
	}
	return filepath.Join(c.dir, "users", "ca.crt"), nil
}

// start runs node i.
func (c *config) start(ctx context.Context, i int, accounts string) (*process, error) {
	name := fmt.Sprintf("nats-%d", i)
	dir := filepath.Join(c.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	here := []string{
		"0.0.0.0:4222", c.clients[i], "0.0.0.0:8222", c.monitors[i], "0.0.0.0:6222", c.clusters[i],
		"/etc/nats-tls", filepath.Join(c.dir, "users"), "/data", filepath.Join(dir, "data"),
	}
	for n, a := range c.clusters {
		here = append(here, fmt.Sprintf("nats-%d.nats-nodes:6222", n), a)
	}
	place := strings.NewReplacer(here...)
	for file, text := range map[string]string{"nats.conf": place.Replace(c.text), "server.conf": place.Replace(c.common), "accounts.conf": accounts} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("start %s: %w", name, err)
		}
	}
	return start(ctx, natsServer, dir, []string{"POD_NAME=" + name}, "--config", filepath.Join(dir, "nats.conf"))
}
