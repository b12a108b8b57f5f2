package question_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"squirrly.dev/services/analyzer/internal/question"
)

// A folder of prompts is read as Kubernetes mounts it: links inside are followed, and what leads outside or waits is refused.
func TestLoad_Folder(t *testing.T) {
	mounted := func(t *testing.T) string {
		t.Helper()
		dir := t.TempDir()
		if err := errors.Join(
			os.Mkdir(filepath.Join(dir, "..2026"), 0o700),
			os.WriteFile(filepath.Join(dir, "..2026", "orders.md"), []byte("Say it shortly."), 0o600),
			os.Symlink("..2026", filepath.Join(dir, "..data")),
			os.Symlink(filepath.Join("..data", "orders.md"), filepath.Join(dir, "orders.md")),
			os.WriteFile(filepath.Join(dir, ".hidden.md"), []byte("{{"), 0o600),
		); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	if _, err := question.Load("", mounted(t)); err != nil {
		t.Errorf("as mounted: %v", err)
	}
	for says, plant := range map[string]func(path string) error{
		"leads out of the folder": func(path string) error { return os.Symlink("/etc/passwd", path) },
		"is a named pipe":         func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"larger than 1 MiB":       func(path string) error { return os.WriteFile(path, make([]byte, 2<<20), 0o600) },
	} {
		dir := mounted(t)
		if err := plant(filepath.Join(dir, "payments.md")); err != nil {
			t.Fatal(err)
		}
		if _, err := question.Load("", dir); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "payments.md") {
			t.Errorf("%v, want %s", err, says)
		}
	}
}
