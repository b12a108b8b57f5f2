package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/natsembed"
	"squirrly.dev/test/e2e/parts"
)

// The backup of docs/kubernetes.md: all streams, buckets, objects and consumers of one server stand on another one
// afterwards, where `squirrly provision` finds nothing to complain about.
func TestBackup_RestoresOnAnotherServer(t *testing.T) {
	t.Parallel()
	from, to := jetStream(t, "from"), jetStream(t, "to")
	b := connected(t, from)
	if err := b.Provision(t.Context(), bus.Topology{}); err != nil {
		t.Fatal(err)
	}
	body := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(body, []byte(strings.Repeat("a report ", 1<<16)), 0o600); err != nil {
		t.Fatal(err)
	}
	cli(t, from, "pub", "squirrly.v1.profile.requested", `{"target":{"url":"http://localhost:8081"}}`, "--jetstream")
	cli(t, from, "kv", "put", "SQUIRRLY_RUNS", "run", "{}")
	cli(t, from, "object", "put", "SQUIRRLY_ARTIFACTS", body, "--name=report.html", "--force", "--no-progress")

	backup := filepath.Join(t.TempDir(), "backup")
	cli(t, from, "backup", "account", backup, "--consumers", "--force")
	cli(t, to, "backup", "restore", "account", backup)
	want, got := content(t, from), content(t, to)
	if diff := cmp.Diff(want, got); diff != "" || want["SQUIRRLY_REQUESTS"].Messages != 1 || want["SQUIRRLY_REQUESTS"].Consumers < 3 ||
		want["KV_SQUIRRLY_RUNS"].Messages != 1 || want["OBJ_SQUIRRLY_ARTIFACTS"].Messages < 2 {
		t.Errorf("streams (-before +restored):\n%s\nbefore: %+v", diff, want)
	}
	after := connected(t, to)
	if err := after.Provision(t.Context(), bus.Topology{}); err != nil {
		t.Error(err)
	}
	if err := after.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	restored := filepath.Join(t.TempDir(), "restored.html")
	cli(t, to, "object", "get", "SQUIRRLY_ARTIFACTS", "report.html", "--output="+restored, "--force", "--no-progress")
	if was, err := os.ReadFile(body); err != nil || !same(t, was, restored) {
		t.Errorf("the object has changed: %v", err)
	}
}

func same(t *testing.T, want []byte, file string) bool {
	t.Helper()
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(got) == string(want)
}

func jetStream(t *testing.T, name string) string {
	t.Helper()
	s, err := natsembed.Start(natsembed.Options{Dir: t.TempDir(), Port: -1, Name: name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s.ClientURL()
}

func connected(t *testing.T, url string) *bus.Bus {
	t.Helper()
	b, err := bus.Connect(t.Context(), bus.Options{URL: url, Name: "backup"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// cli runs the nats command line.
func cli(t *testing.T, url string, args ...string) {
	t.Helper()
	program, err := parts.NATSCLI()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), program, append([]string{"--server=" + url}, args...)...)
	c.Env = append(os.Environ(), "XDG_CONFIG_HOME="+t.TempDir()) // no context of the user
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("nats %s: %v\n%s", strings.Join(args, " "), err, said)
	}
}

type held struct {
	Messages  uint64
	Bytes     uint64
	Last      uint64
	Consumers int
}

// content is what each stream of a server holds.
func content(t *testing.T, url string) map[string]held {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]held{}
	list := js.ListStreams(t.Context())
	for s := range list.Info() {
		all[s.Config.Name] = held{s.State.Msgs, s.State.Bytes, s.State.LastSeq, s.State.Consumers}
	}
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
