package policy_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"squirrly.dev/services/trigger/internal/policy"
)

// A change holds at once; one with a mistake, and a file that is gone, leave the policies as they were.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "policies.yaml")
	write := func(name, body string) {
		t.Helper()
		version := filepath.Join(dir, name)
		if err := os.WriteFile(version, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(path) // as a ConfigMap is changed: another file behind the link
		if err := os.Symlink(version, path); err != nil {
			t.Fatal(err)
		}
	}
	write("1", small)
	f, err := policy.Open(path, usual, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	go f.Follow(t.Context(), time.Millisecond)
	await := func(what string, ok func() bool) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal(what, f.Problem(), f.Policies())
			}
		}
	}
	write("2", strings.ReplaceAll(small, "name: a", "name: b"))
	await("the change holds", func() bool { return f.Policies()[0].Name == "b" && f.Problem() == nil })
	write("3", strings.ReplaceAll(small, "name: a", "nome: c"))
	await("the mistake is told", func() bool { return f.Problem() != nil })
	if f.Policies()[0].Name != "b" {
		t.Error("a mistake has changed the policies", f.Policies())
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	await("a file that is gone is told", func() bool { return f.Problem() != nil && strings.Contains(f.Problem().Error(), "no such file") })
	write("4", "policies: []\n")
	await("the file is back", func() bool { return f.Problem() == nil && len(f.Policies()) == 0 })
}

func TestOpen_Refuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.yaml")
	if _, err := policy.Open(path, usual, nil); err == nil {
		t.Error("a file that is not there")
	}
	if err := os.WriteFile(path, []byte("policies: [{}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := policy.Open(path, usual, nil); err == nil || !strings.Contains(err.Error(), "line 1") || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
}
