package deploy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"go.yaml.in/yaml/v3"

	"squirrly.dev/internal/bus/bustest/shipped"
	"squirrly.dev/internal/natsusers"
)

// configurations are those that are deployed, and where the accounts lie beside them.
var configurations = []struct {
	file, accounts, monitoring string
	routes                     int
	tls                        bool
}{
	{file: "deploy/k8s/base/nats/nats.conf", accounts: "accounts.conf", monitoring: "0.0.0.0"},
	{file: "deploy/k8s/overlays/prod/nats.conf", accounts: "accounts.conf", monitoring: "0.0.0.0", routes: 3, tls: true},
	{file: "deploy/compose/nats.conf", accounts: "users/accounts.conf", monitoring: "127.0.0.1"},
}

// configuration reads a shipped configuration as its server would, with the files beside it that it includes.
func configuration(t *testing.T, file, accounts string) *server.Options {
	t.Helper()
	t.Setenv("POD_NAME", "nats-0")
	dir := t.TempDir()
	users := filepath.Join(dir, filepath.Dir(accounts))
	folder, err := natsusers.Prepare(users, "", natsusers.Options{Requesters: []natsusers.Requester{{Name: "ci"}}})
	if err == nil {
		err = folder.Write("", false)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shipped.Certificate(filepath.Join(dir, "tls")); err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]string{"nats.conf": file, "server.conf": "deploy/k8s/base/nats/server.conf"} {
		text := strings.ReplaceAll(read(t, from), "/etc/nats-tls", filepath.Join(dir, "tls"))
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o, err := server.ProcessConfigFile(filepath.Join(dir, "nats.conf"))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return o
}

// The settings that keep an acknowledged message, and that let nobody in without a password, in each configuration that is deployed.
func TestNATS_AcknowledgedMeansOnDisk(t *testing.T) {
	for _, s := range configurations {
		o := configuration(t, s.file, s.accounts)
		if !o.JetStream || !o.SyncAlways || o.StoreDir != "/data" {
			t.Errorf("%s: JetStream %t in %s, sync always %t", s.file, o.JetStream, o.StoreDir, o.SyncAlways)
		}
		if o.ServerName != "nats-0" || len(o.Routes) != s.routes || o.HTTPPort != 8222 || o.HTTPHost != s.monitoring {
			t.Errorf("%s: server %s with %d routes, monitoring on %s:%d", s.file, o.ServerName, len(o.Routes), o.HTTPHost, o.HTTPPort)
		}
	}
}

func TestNATS_NobodyInWithoutAPassword(t *testing.T) {
	for _, s := range configurations {
		o := configuration(t, s.file, s.accounts)
		if len(o.Users) < 7 || o.NoAuthUser != "" || o.Username != "" || o.Authorization != "" {
			t.Errorf("%s: %d users, without authentication %q", s.file, len(o.Users), o.NoAuthUser)
		}
		for _, u := range o.Users {
			if u.Permissions == nil || !strings.HasPrefix(u.Password, "$2a$") {
				t.Errorf("%s: %s may everything, or has no hashed password", s.file, u.Username)
			}
		}
		if (o.TLSConfig != nil) != s.tls || (o.Cluster.TLSConfig != nil) != s.tls || o.AllowNonTLS {
			t.Errorf("%s: clients by TLS %t, nodes by TLS %t, others too %t", s.file, o.TLSConfig != nil, o.Cluster.TLSConfig != nil, o.AllowNonTLS)
		}
		if s.tls && o.Cluster.TLSConfig.ClientAuth.String() != "RequireAndVerifyClientCert" {
			t.Errorf("%s: a node shows %s", s.file, o.Cluster.TLSConfig.ClientAuth)
		}
	}
}

// Every process of the manifests and of the compose file is a user of the table, by its own password.
func TestNATS_EachProcessIsItsUser(t *testing.T) {
	for _, name := range []string{natsusers.Trigger, natsusers.Collector, natsusers.Analyzer, natsusers.Notifier, natsusers.Provision} {
		manifest := read(t, "deploy/k8s/base/"+name+"/"+name+".yaml")
		for _, want := range []string{
			"SQUIRRLY_NATS_USER_FILE\n              value: /etc/squirrly/nats/user\n",
			"SQUIRRLY_NATS_PASSWORD_FILE\n              value: /etc/squirrly/nats/password\n",
			"mountPath: /etc/squirrly/nats\n", "secretName: squirrly-nats-" + name + "\n            defaultMode: 0440\n",
		} {
			if !strings.Contains(manifest, want) {
				t.Errorf("%s lacks %q", name, want)
			}
		}
		environment := compose(t).Services[name].Environment
		for variable, want := range map[string]string{
			"SQUIRRLY_NATS_USER": name, "SQUIRRLY_NATS_PASSWORD_FILE": "/users/" + name + ".password",
		} {
			if got := environment[variable]; got == nil || *got != want {
				t.Errorf("compose: %s of %s is not %s", variable, name, want)
			}
		}
	}
}

// Secrets are files that their pod alone reads; none is in the environment.
func TestSecrets_AreFilesOfTheirPod(t *testing.T) {
	modes, root := 0, filepath.Join(root, "deploy", "k8s")
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.Contains(string(text), "secretKeyRef") || strings.Contains(string(text), "secretRef") {
			t.Errorf("%s: a Secret in the environment", path)
		}
		for document := range strings.SplitSeq(string(text), "\n---\n") {
			var node any
			if err := yaml.Unmarshal([]byte(document), &node); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			modes += secretVolumes(t, path, node)
		}
		return nil
	})
	if err != nil || modes < 10 {
		t.Errorf("%d volumes of Secrets, %v", modes, err)
	}
}

// secretVolumes looks at the modes of volumes with Secrets, and counts them.
func secretVolumes(t *testing.T, path string, node any) (n int) {
	switch v := node.(type) {
	case map[string]any:
		for key, kind := range map[string]string{"secret": "secretName", "projected": "sources"} {
			volume, ok := v[key].(map[string]any)
			if !ok || volume[kind] == nil {
				continue
			}
			n++
			if volume["defaultMode"] != 0o440 {
				t.Errorf("%s: %v has mode %v", path, volume[kind], volume["defaultMode"])
			}
		}
		for _, child := range v {
			n += secretVolumes(t, path, child)
		}
	case []any:
		for _, child := range v {
			n += secretVolumes(t, path, child)
		}
	}
	return n
}
