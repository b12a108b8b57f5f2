package userfile_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"squirrly.dev/internal/userfile"
)

const limit = 1 << 20

func TestRead(t *testing.T) {
	dir := t.TempDir()
	file, large, link := filepath.Join(dir, "a.html"), filepath.Join(dir, "large.html"), filepath.Join(dir, "link.html")
	for path, body := range map[string]string{file: "page", large: strings.Repeat("x", limit+1)} {
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, link} {
		if b, err := userfile.Read(t.Context(), path, limit); err != nil || string(b) != "page" {
			t.Errorf("%s: %q, %v", path, b, err)
		}
	}
	if b, err := userfile.Read(t.Context(), file, 4); err != nil || string(b) != "page" {
		t.Errorf("at the limit: %q, %v", b, err)
	}
	if _, err := userfile.Read(t.Context(), large, limit); err == nil || err.Error() != large+" is larger than 1 MiB" {
		t.Errorf("a large file: %v", err)
	}
	if err := userfile.Check(large, limit); err == nil || err.Error() != large+" is larger than 1 MiB" {
		t.Errorf("a large file, checked: %v", err)
	}
	if err := errors.Join(userfile.Check(file, 4), userfile.Check(filepath.Join(dir, "none"), limit), userfile.Check("/dev/fd/0", limit)); err != nil {
		t.Errorf("what may be read is refused: %v", err)
	}
	if _, err := userfile.Read(t.Context(), filepath.Join(dir, "none"), limit); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// What is no regular file is refused at once, also behind a link, by its name and kind.
func TestRead_Refuses(t *testing.T) {
	dir := t.TempDir()
	fifo, socket, link, folder := filepath.Join(dir, "fifo.html"), filepath.Join(dir, "s"), filepath.Join(dir, "link.html"), filepath.Join(dir, "d.html")
	if err := errors.Join(syscall.Mkfifo(fifo, 0o600), os.Symlink(fifo, link), os.Mkdir(folder, 0o700)); err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for path, want := range map[string]string{
		fifo: "is a named pipe, not a file", link: "is a named pipe, not a file", "/dev/zero": "is a device, not a file",
		folder: "is a folder, not a file", socket: "",
	} {
		began := time.Now()
		_, err := userfile.Read(t.Context(), path, limit)
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
		if err := userfile.Check(path, limit); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s, checked: %v", path, err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s took %s", path, took)
		}
	}
}

// What a shell hands over is read to its end, and no longer than the context lasts.
func TestRead_HandedOver(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	path := fmt.Sprintf("/dev/fd/%d", r.Fd())
	go func() {
		for range 3 {
			time.Sleep(20 * time.Millisecond) // slower than its reader
			_, _ = w.WriteString("part ")
		}
		_ = w.Close()
	}()
	if b, err := userfile.Read(t.Context(), path, limit); err != nil || string(b) != "part part part " {
		t.Errorf("%q, %v", b, err)
	}

	r2, w2, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r2.Close()
	defer w2.Close() // after the read: nobody ever writes
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := userfile.Read(ctx, fmt.Sprintf("/dev/fd/%d", r2.Fd()), limit); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a silent pipe: %v", err)
	}
	if _, err := userfile.Stream(ctx, r2, "stdin", limit); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a silent stream: %v", err)
	}
}
