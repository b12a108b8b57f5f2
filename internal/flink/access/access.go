package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/netguard"
)

// Config is what the environment says about the way to Flink clusters.
type Config struct {
	Allow []string `env:"FLINK_ALLOW" about:"hosts and networks that may be named by URL; empty is none, * is all"`
	File  string   `env:"FLINK_ACCESS" about:"YAML: what is shown to which cluster, see docs/access.md"`
	Local bool     `env:"-"` // requests are of this machine's user: any URL is allowed
}

// Options are what a process adds. The zero value adds nothing.
type Options struct {
	Entries   []Entry                                   // tried before those of the file; they are for everything that they match
	Transport func(http.RoundTripper) http.RoundTripper // adds telemetry; it sees no credentials
	Logger    *slog.Logger                              // nil discards
}

// Access makes clients of Flink. It is safe for concurrent use.
type Access struct {
	guard     *netguard.Guard
	entries   []Entry
	file      *file // nil when there is none
	transport func(http.RoundTripper) http.RoundTripper
	logger    *slog.Logger
}

// Open reads the file, if one is named, and checks it. An error names the setting that it is about, and the line.
func Open(cfg Config, o Options) (*Access, error) {
	guard, err := netguard.Flink(cfg.Allow, cfg.Local)
	if err != nil {
		return nil, fmt.Errorf("SQUIRRLY_FLINK_ALLOW: %w", err)
	}
	a := &Access{guard: guard, transport: o.Transport, logger: o.Logger, entries: slices.Clone(o.Entries)}
	if a.logger == nil {
		a.logger = slog.New(slog.DiscardHandler)
	}
	if cfg.File == "" {
		return a, nil
	}
	if !printable(cfg.File) {
		return nil, errors.New("SQUIRRLY_FLINK_ACCESS: expected the path of a YAML file, not its content")
	}
	a.file = &file{path: cfg.File, logger: a.logger}
	if err := a.file.load(); err != nil {
		return nil, fmt.Errorf("SQUIRRLY_FLINK_ACCESS: %s: %w", cfg.File, err)
	}
	for _, e := range a.file.entries {
		if err := probe(&e); err != nil { // the others work, and this one may soon
			a.logger.Warn("an entry of the access file does not work now", "path", cfg.File, "error", err)
		}
	}
	return a, nil
}

// ForAll makes an entry that is for every target, whatever its patterns: for a process that has one. It is checked, and so are
// the files that it names; the error is a [strictyaml.Problem] about a field.
func ForAll(e Entry) (Entry, error) {
	e.Match = []string{"https://any.invalid"} // no pattern, since there is nothing to tell apart
	if err := e.check(); err != nil {
		return e, err
	}
	e.patterns = []pattern{{any: true}}
	return e, probe(&e)
}

// Guard decides which addresses may be reached.
func (a *Access) Guard() *netguard.Guard { return a.guard }

// Target is one Flink cluster.
type Target struct {
	URL     string        // of its REST API
	Hosts   []string      // that may be reached beside those of the guard, since a trusted party resolved them
	Timeout time.Duration // of one call; 0 is that of the call's context
}

// Client makes a client for a target. done frees its connections.
func (a *Access) Client(ctx context.Context, t Target) (client *flink.Client, done func(), err error) {
	base, err := url.Parse(t.URL)
	if err != nil {
		return nil, nil, errors.New("flink URL: cannot be parsed") // url's own text repeats credentials
	}
	w := &way{Access: a, base: base.JoinPath(), guard: a.guard.Plus(t.Hosts...)}
	if e := w.entry(ctx); e != nil && e.Prefix != "" && (base.Path == "" || base.Path == "/") {
		base = base.JoinPath(e.Prefix)
	}
	w.root = base.JoinPath()
	hc := &http.Client{Transport: w, Timeout: t.Timeout, CheckRedirect: flink.CheckRedirect}
	if a.transport != nil {
		hc.Transport = a.transport(w)
	}
	if client, err = flink.New(base.String(), hc); err != nil {
		return nil, nil, err
	}
	client.Shows = w.shows
	return client, w.close, nil
}

// find returns the entry for a cluster, or nil.
func (a *Access) find(ctx context.Context, base *url.URL) *Entry {
	if e := first(a.entries, base); e != nil || a.file == nil {
		return e
	}
	return first(a.file.current(ctx), base)
}

func first(entries []Entry, base *url.URL) *Entry {
	if i := slices.IndexFunc(entries, func(e Entry) bool { return e.matches(base) }); i >= 0 {
		return &entries[i]
	}
	return nil
}
