// Package userfile reads the files that a user names, or that lie in a folder which a user names. It opens regular files
// only, and never waits for one: a named pipe, a socket or a device that is called like a page is refused by its name and
// kind. A file that is named may be a symbolic link; what lies in a folder is read through [Folder], which no link leads out of.
//
// What a shell hands over is no such file, and is read to its end: /dev/stdin and /dev/fd/N, which process substitution
// gives (<(curl …)). Such a read ends with its context.
package userfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

// handedOver are the names of what a shell has opened for this process.
var handedOver = regexp.MustCompile(`^/(dev/stdin|dev/fd/\d+|proc/(self|\d+)/fd/\d+)$`)

// HandedOver reports whether a path is what a shell has opened for this process: that can be read once.
func HandedOver(path string) bool { return handedOver.MatchString(filepath.Clean(path)) }

// Open opens a regular file, or what a shell handed over. Errors name the file.
func Open(path string) (*os.File, error) {
	// Not blocking: opening a named pipe waits for a writer otherwise.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the path.
	}
	return regular(file, path, HandedOver(path))
}

// regular closes and refuses what is no regular file, unless it was handed over.
func regular(file *os.File, path string, handed bool) (*os.File, error) {
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() && (info.IsDir() || !handed) {
		err = fmt.Errorf("%s is %s, not a file", path, kind(info.Mode()))
	}
	if err != nil {
		_ = file.Close() // nothing was read
		return nil, err
	}
	return file, nil
}

// kind names what a file is that is not regular.
func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	case mode.IsRegular():
		return "a file"
	}
	return "something else"
}

// Read reads what [Open] opens, at most limit bytes; more is an error. It returns when ctx ends, whatever feeds the file.
func Read(ctx context.Context, path string, limit int64) ([]byte, error) {
	file, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // read only; it ends a read that still waits
	return Stream(ctx, file, path, limit)
}

// Check refuses a file of more than limit bytes, and what is no file, for a library that reads it by its name. What is not there
// is for that library to say.
func Check(path string, limit int64) error {
	if HandedOver(path) {
		return nil
	}
	file, err := Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // nothing was read
	if info, err := file.Stat(); err == nil && info.Size() > limit {
		return fmt.Errorf("%s is larger than %s", path, size(limit))
	}
	return nil
}

// ReadSoon is [Read] for the start of a process, which waits ten seconds for what a shell hands over and no longer.
func ReadSoon(path string, limit int64) ([]byte, error) {
	const soon = 10 * time.Second
	file, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()            // read only
	_ = file.SetReadDeadline(time.Now().Add(soon)) // what has no deadline is a regular file, and does not wait
	return readAll(file, path, limit)
}

// Stream reads all of r, at most limit bytes; more is an error. It returns when ctx ends, and r may be read until then and
// on. name is that of r in errors.
func Stream(ctx context.Context, r io.Reader, name string, limit int64) ([]byte, error) {
	type result struct {
		body []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		b, err := readAll(r, name, limit)
		done <- result{b, err}
	}()
	select {
	case got := <-done:
		return got.body, got.err
	case <-ctx.Done():
		return nil, fmt.Errorf("read %s: %w", name, ctx.Err())
	}
}

func readAll(r io.Reader, name string, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", name, err)
	case int64(len(body)) > limit:
		return nil, fmt.Errorf("%s is larger than %s", name, size(limit))
	}
	return body, nil
}

func size(bytes int64) string {
	const mib, kib = 1 << 20, 1 << 10
	if bytes >= mib {
		return fmt.Sprintf("%d MiB", bytes/mib)
	}
	return fmt.Sprintf("%d KiB", bytes/kib)
}
