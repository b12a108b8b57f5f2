package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// TestComplete: a shell is offered values and no files, also those that a server has.
func TestComplete(t *testing.T) {
	url, b := server(t)
	const id = "5c2cf856-1111-5222-8333-444455556666"
	rec := run.Record{Run: id, State: events.StateAnalyzed, Plan: events.Plan{Identity: events.Identity{Cluster: "prod", Namespace: "shop", Job: "orders"}}}
	if _, err := run.New(b).Create(t.Context(), rec); err != nil {
		t.Fatal(err)
	}
	kube := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(kube, []byte("apiVersion: v1\nkind: Config\ncontexts: [{name: staging, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: https://x}}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", kube)
	t.Setenv("SQUIRRLY_NATS_URL", url)
	for line, want := range map[string]string{
		"profile --mode I": "ITIMER", "profile --mode ITIMER,W": "ITIMER,WALL", "profile --fail-on w": "warning", "profile -o ": "html",
		"runs ls -o ": "json", "analyze --provider ge": "gemini", "profile --kube-context ": "staging", "provision --channels w": "webhook",
		"runs get 5c": id, "runs watch ": id, "runs cancel 5c2c": id, "diff ": id, "run": "runs",
	} {
		code, out, errs := runCLI(t, t.Context(), "", append([]string{"__complete"}, strings.Split(line, " ")...)...)
		var found bool
		for offer := range strings.SplitSeq(out, "\n") {
			value, _, _ := strings.Cut(offer, "\t")
			found = found || value == want
		}
		if code != 0 || !found {
			t.Errorf("%q: exit %d, no %s in\n%s%s", line, code, want, out, errs)
		}
	}
	code, out, _ := runCLI(t, t.Context(), "", "__complete", "runs", "ls", "-o", "")
	if code != 0 || strings.Contains(out, "html") || !strings.Contains(out, ":36") {
		t.Errorf("offers what the command refuses, or files:\n%s", out)
	}
}
