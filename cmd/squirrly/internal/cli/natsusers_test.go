package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNATSUsers: users are made, kept, and replaced when that is asked for; no password is printed but as a Secret.
func TestNATSUsers(t *testing.T) {
	clean(t)
	dir := filepath.Join(t.TempDir(), "users")
	line := []string{"nats-users", "--out", dir, "--requester", "orders-ci=prod/flink/orders", "--subscriber", "dashboard", "-o", "json"}
	var users []struct {
		Name, Account, PasswordFile string
		Kept                        bool
	}
	code, out, errs := runCLI(t, t.Context(), "", line...)
	if err := json.Unmarshal([]byte(out), &users); code != 0 || err != nil || len(users) != 8 || users[0].Kept || users[7].Account != "SQUIRRLY_SUBSCRIBERS" {
		t.Fatalf("exit %d, %v: %s%s", code, err, out, errs)
	}
	secret, err := os.ReadFile(users[0].PasswordFile)
	if err != nil || len(secret) < 40 || strings.Contains(out+errs, string(secret)) {
		t.Errorf("password of %d bytes, %v: %s%s", len(secret), err, out, errs)
	}
	if code, out, errs = runCLI(t, t.Context(), "", line...); code != 0 || !strings.Contains(out, `"kept": true`) || strings.Contains(out, `"kept": false`) {
		t.Errorf("again: exit %d: %s%s", code, out, errs)
	}
	other := append([]string{"--subscriber", "archive"}, line[1:]...)
	if code, _, errs = runCLI(t, t.Context(), "", append([]string{"nats-users"}, other...)...); code != 1 || !strings.Contains(errs, "--force replaces it") {
		t.Errorf("others: exit %d: %s", code, errs)
	}
	if code, out, errs = runCLI(t, t.Context(), "", append([]string{"nats-users", "--force"}, other...)...); code != 0 || !strings.Contains(out, "archive") {
		t.Errorf("others, --force: exit %d: %s", code, errs)
	}
	code, out, errs = runCLI(t, t.Context(), "", "nats-users", "--out", filepath.Join(dir, "k8s"), "--manifest", "-", "--namespace", "flink")
	if code != 0 || strings.Count(out, "kind: Secret\n") != 7 || !strings.Contains(out, "namespace: flink") {
		t.Errorf("manifest: exit %d: %s", code, errs)
	}
	if _, err := os.Stat(filepath.Join(dir, "k8s", "secrets.yaml")); err == nil {
		t.Error("the manifest is a file as well")
	}
}

// TestNATSUsers_NSC: with --nsc commands are printed, and nothing is written.
func TestNATSUsers_NSC(t *testing.T) {
	clean(t)
	t.Chdir(t.TempDir())
	code, out, errs := runCLI(t, t.Context(), "", "nats-users", "--nsc", "--subscriber", "dashboard")
	if code != 0 || errs != "" || !strings.HasPrefix(out, "#!/bin/sh\n") || !strings.Contains(out, "--name dashboard -K dashboard") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if files, err := os.ReadDir("."); err != nil || len(files) > 0 {
		t.Errorf("written: %v, %v", files, err)
	}
}

func TestNATSUsers_Refused(t *testing.T) {
	clean(t)
	for want, line := range map[string][]string{
		"--out DIR":               {},
		"--nsc alone":             {"--nsc", "--out", t.TempDir()},
		"without quotes":          {"--nsc", "--notify-subject", "a'b"},
		"nothing after the =":     {"--out", t.TempDir(), "--requester", "a="},
		"lower-case letters":      {"--out", t.TempDir(), "--subscriber", "A B"},
		"there is one of":         {"--out", t.TempDir(), "--subscriber", "trigger"},
		"must be outside":         {"--out", t.TempDir(), "--notify-subject", "squirrly.v1.recommendation.ready.>"},
		"CLUSTER/NAMESPACE/JOB":   {"--out", t.TempDir(), "--requester", "a=b/c/d/e"},
		"unknown flag: --passwor": {"--out", t.TempDir(), "--password", "x"},
	} {
		if code, _, errs := runCLI(t, t.Context(), "", append([]string{"nats-users"}, line...)...); code != 2 || !strings.Contains(errs, want) {
			t.Errorf("%s: exit %d: %s", want, code, errs)
		}
	}
}
