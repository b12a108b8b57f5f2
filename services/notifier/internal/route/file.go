package route

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"squirrly.dev/internal/userfile"
)

// File is a file of routes that is read again when it changes. A change with a mistake is told, and the routes stay as
// they were. Channels are made at the start: those of a change wait for the next one. It is safe for concurrent use.
type File struct {
	path  string
	known []string
	log   *slog.Logger
	cfg   atomic.Pointer[Config]
	read  []byte // the content that was looked at last
}

// Open reads a file, which has to be right to begin with. Known are the channels that there are besides those of the file.
func Open(path string, known []string, log *slog.Logger) (*File, error) {
	body, err := userfile.ReadSoon(path, MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("read the routes: %w", err)
	}
	cfg, err := Read(body, known)
	if err != nil {
		return nil, fmt.Errorf("routes of %s:\n%w", path, err)
	}
	f := &File{path: path, known: known, log: log, read: body}
	f.cfg.Store(cfg)
	return f, nil
}

// Everyone are the routes without a file: every channel is told of changes, and those of everything of every end of a run.
func Everyone(channels, everything []string) *File {
	root := &Route{Path: "route", Channels: channels, Tell: TellChanges}
	root.Routes = []*Route{
		{Path: "route.routes[0]", Channels: channels, Tell: TellChanges, Continue: true},
		{Path: "route.routes[1]", Channels: everything, Tell: TellAll},
	}
	f := &File{}
	f.cfg.Store(&Config{Root: root})
	return f
}

// Config are the routes that hold now. They are shared: do not change them.
func (f *File) Config() *Config { return f.cfg.Load() }

// Follow looks at the file again and again until ctx ends. Only the content says whether there is something new.
func (f *File) Follow(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for f.path != "" {
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
	if ctx.Err() != nil || err == nil && bytes.Equal(body, f.read) {
		return
	}
	if err != nil {
		if f.read != nil {
			f.log.ErrorContext(ctx, "the routes cannot be read; those from before still hold", "file", f.path, "error", err)
		}
		f.read = nil
		return
	}
	f.read = body
	cfg, err := Read(body, f.known)
	if err != nil {
		f.log.ErrorContext(ctx, "the routes have mistakes; those from before still hold", "file", f.path, "error", err)
		return
	}
	if now := f.Config(); !slices.EqualFunc(now.Channels, cfg.Channels, func(a, b Channel) bool { return a.Name == b.Name && a.Type.Name == b.Type.Name }) {
		f.log.ErrorContext(ctx, "the file has other channels: restart the notifier for them; the routes from before still hold", "file", f.path)
		return
	}
	f.cfg.Store(cfg)
	f.log.InfoContext(ctx, "new routes", "file", f.path)
}
