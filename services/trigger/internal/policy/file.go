package policy

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"squirrly.dev/internal/userfile"
)

// File is a file of policies that is read again when it changes. A change with a mistake is told, and the policies stay
// as they were. It is safe for concurrent use.
type File struct {
	path  string
	usual time.Duration
	log   *slog.Logger

	mu       sync.Mutex
	policies []Policy
	changes  uint64 // of the policies
	read     []byte // the content that was looked at last
	problem  error  // of that content
}

// Open reads a file, which has to be right to begin with. A profile takes usual, unless a policy says otherwise.
func Open(path string, usual time.Duration, log *slog.Logger) (*File, error) {
	f := &File{path: path, usual: usual, log: log}
	body, err := userfile.ReadSoon(path, MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("read the policies: %w", err)
	}
	if f.policies, err = Read(body, usual); err != nil {
		return nil, fmt.Errorf("policies of %s:\n%w", path, err)
	}
	f.read = body
	return f, nil
}

// Policies are those that hold now. The result is shared: do not change it.
func (f *File) Policies() []Policy {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.policies
}

// Changes counts how often the policies have changed.
func (f *File) Changes() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changes
}

// Problem is why the newest content of the file does not hold; nil when it does.
func (f *File) Problem() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.problem
}

// Follow looks at the file again and again until ctx ends. A ConfigMap is swapped as a link, so that only the content
// says whether there is something new.
func (f *File) Follow(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			f.look(ctx)
		}
	}
}

func (f *File) look(ctx context.Context) {
	body, err := userfile.Read(ctx, f.path, MaxBytes)
	if ctx.Err() != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		if f.problem == nil || f.problem.Error() != err.Error() {
			f.log.ErrorContext(ctx, "the policies cannot be read; those from before still hold", "file", f.path, "error", err)
		}
		f.problem, f.read = err, nil
		return
	}
	if bytes.Equal(body, f.read) {
		return
	}
	f.read = body
	all, err := Read(body, f.usual)
	if f.problem = err; err != nil {
		f.log.ErrorContext(ctx, "the policies have mistakes; those from before still hold", "file", f.path, "error", err)
		return
	}
	f.policies = all
	f.changes++
	f.log.InfoContext(ctx, "new policies", "file", f.path, "policies", len(all))
}
