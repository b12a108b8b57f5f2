package access

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"squirrly.dev/internal/strictyaml"
)

// file is the YAML file, as it was when it was right last.
type file struct {
	path   string
	logger *slog.Logger

	mu      sync.Mutex
	info    os.FileInfo // of what was read last
	looked  time.Time
	body    []byte
	entries []Entry
}

// again is the time after which a file is read although it looks like before: clocks of file systems are coarse.
const again = time.Second

// load reads the file for the first time.
func (f *file) load() error {
	body, err := readFile(f.path, maxFile)
	if err != nil {
		return strictyaml.Problem{Text: err.Error()}
	}
	f.info, _ = os.Stat(f.path) // a file that is gone again is read anew soon
	f.looked, f.body = time.Now(), body
	f.entries, err = Parse(body, filepath.Dir(f.path))
	return err
}

// current returns the entries of the file as it is now. While it cannot be read, or is wrong, they are those from before, and
// the log says so once.
func (f *file) current(ctx context.Context) []Entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.path)
	same := err == nil && f.info != nil && os.SameFile(info, f.info) && info.ModTime().Equal(f.info.ModTime()) && info.Size() == f.info.Size()
	if same && time.Since(f.looked) < again {
		return f.entries
	}
	gone := f.info == nil
	f.info, f.looked = info, time.Now()
	if err != nil {
		f.info = nil
	}
	body, err := readFile(f.path, maxFile)
	switch {
	case err != nil && !gone:
		f.logger.ErrorContext(ctx, "the access file cannot be read: what it said last is used", "path", f.path, "error", err)
		fallthrough
	case err != nil, bytes.Equal(body, f.body):
		return f.entries
	}
	f.body = body
	entries, err := Parse(body, filepath.Dir(f.path))
	if err != nil {
		f.logger.ErrorContext(ctx, "the access file is wrong: what it said before is used", "path", f.path, "error", err)
		return f.entries
	}
	f.entries = entries
	f.logger.InfoContext(ctx, "the access file was read anew", "path", f.path, "entries", len(entries))
	return entries
}
