package notifier

import (
	"context"
	"log/slog"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/lives"
)

// Finding is a finding over all runs of its job.
type Finding = lives.Entry

// The errors of a finding that is named.
var (
	ErrNoFinding       = lives.ErrNotFound
	ErrSeveralFindings = lives.ErrAmbiguous
	ErrNothingChanges  = lives.ErrSame
)

// Findings are the lives of findings on a bus, for commands.
type Findings struct{ store *lives.Store }

// OpenFindings returns them.
func OpenFindings(b *bus.Bus) Findings {
	return Findings{store: lives.New(b, slog.New(slog.DiscardHandler))}
}

// List returns all findings: open ones first, then by what can be gained.
func (f Findings) List(ctx context.Context) ([]Finding, error) { return f.store.List(ctx) }

// Get returns the finding whose id begins with a text.
func (f Findings) Get(ctx context.Context, id string) (Finding, error) { return f.store.Get(ctx, id) }

// Dismiss says that nobody wants to hear of a finding.
func (f Findings) Dismiss(ctx context.Context, id string, d events.Dismissal) (Finding, error) {
	return f.store.Dismiss(ctx, id, &d)
}

// Undismiss says that somebody wants to hear of it again.
func (f Findings) Undismiss(ctx context.Context, id string) (Finding, error) {
	return f.store.Dismiss(ctx, id, nil)
}
