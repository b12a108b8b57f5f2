package kube_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/kube"
)

const kubeconfig = `apiVersion: v1
kind: Config
current-context: staging
clusters:
  - {name: a, cluster: {server: "https://127.0.0.1:1"}}
  - {name: b, cluster: {server: "https://127.0.0.1:2"}}
contexts:
  - {name: staging, context: {cluster: a, user: u, namespace: flink}}
  - {name: prod, context: {cluster: b, user: u}}
  - {name: broken, context: {cluster: missing, user: u}}
users:
  - {name: u, user: {token: secret}}
`

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpen(t *testing.T) {
	c := kube.NewClusters(write(t, kubeconfig), "local")
	for name, want := range map[string]kube.Cluster{
		"":        {Name: "staging", Namespace: "flink"},
		"staging": {Name: "staging", Namespace: "flink"},
		"prod":    {Name: "prod", Namespace: "default"},
	} {
		for range 2 { // the second time it is open already
			got, err := c.Open(name)
			if err != nil || got.Client == nil || got.Name != want.Name || got.Namespace != want.Namespace {
				t.Errorf("%q: got %+v, %v", name, got, err)
			}
		}
	}
}

func TestOpen_Refuses(t *testing.T) {
	c := kube.NewClusters(write(t, kubeconfig), "local")
	_, err := c.Open("nope")
	expect(t, "unknown context", err, events.CodeUnknownTarget, "it has broken, prod, staging")
	_, err = c.Open("local")
	expect(t, "own name outside of a cluster", err, events.CodeUnknownTarget, `there is no kube context "local"`)
	if got, err := c.Open("broken"); err == nil {
		t.Errorf("a broken context opens %+v", got)
	}
	none := kube.NewClusters(filepath.Join(t.TempDir(), "nothing"), "local")
	_, err = none.Open("")
	expect(t, "no kubeconfig", err, events.CodeUnknownTarget, "only REST URLs")
	noCurrent := kube.NewClusters(write(t, "apiVersion: v1\nkind: Config\ncontexts: [{name: x, context: {cluster: a}}]\n"), "local")
	_, err = noCurrent.Open("")
	expect(t, "no current context", err, events.CodeUnknownTarget, "name a cluster: x")
	if got, err := kube.NewClusters(write(t, "{"), "local").Open(""); err == nil {
		t.Errorf("a broken kubeconfig opens %+v", got)
	}
	pipe := filepath.Join(t.TempDir(), "config") // that nobody writes to
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := kube.NewClusters(pipe, "local").Open(""); err == nil || !strings.Contains(err.Error(), "is a named pipe, not a file") {
		t.Errorf("a named pipe: %v", err)
	}
}
