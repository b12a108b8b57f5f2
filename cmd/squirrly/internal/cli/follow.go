package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"squirrly.dev/cmd/squirrly/internal/progress"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
)

const (
	redraw = 120 * time.Millisecond
	// silence is how long nobody may take a request up before the user is told.
	silence = 10 * time.Second
	// lookWaiting is how often it is looked whether a request without a record waits for a permit.
	lookWaiting = 500 * time.Millisecond
)

// follow shows a run on stderr until it ends, and returns its last record.
func (a *app) follow(ctx context.Context, b *bus.Bus, id string) (run.Record, error) {
	return a.followOn(ctx, b, id, a.progress())
}

func (a *app) followOn(ctx context.Context, b *bus.Bus, id string, p *progress.Printer) (run.Record, error) {
	changes, err := run.New(b).Watch(ctx, id)
	if err != nil {
		return run.Record{}, fmt.Errorf("follow run %s: %w", id, err)
	}
	defer p.Done()
	tick := time.NewTicker(redraw)
	defer tick.Stop()
	quiet, began := time.NewTicker(lookWaiting), time.Now()
	defer quiet.Stop()
	for {
		select {
		case rec, ok := <-changes:
			if !ok {
				return run.Record{}, ended(ctx, id)
			}
			quiet.Stop()
			p.Update(rec)
			if rec.State.Terminal() {
				p.Ended(rec)
				return rec, nil
			}
		case <-tick.C:
			p.Tick()
		case <-quiet.C:
			if a.tellWaits(ctx, b, id, time.Since(began)) {
				quiet.Stop()
			}
		}
	}
}

// tellWaits says why a request has no record yet, and reports whether it did: it waits for a permit, or nobody has taken it up
// for long.
func (a *app) tellWaits(ctx context.Context, b *bus.Bus, id string, after time.Duration) bool {
	waiting, waits, err := run.New(b).Permits.WaitingOf(ctx, id)
	switch {
	case err == nil && waits:
		fmt.Fprintf(a.err, "squirrly: the request %s\n", clean(waiting.String()))
		return true
	case after >= silence:
		fmt.Fprintln(a.err, "squirrly: nobody has taken the request up yet: is the trigger service running?")
		return true
	}
	return false
}

func ended(ctx context.Context, id string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("follow run %s: %w", id, err)
	}
	return errors.New("the connection to NATS was closed while following the run")
}

func (a *app) progress() *progress.Printer {
	if a.flags.quiet {
		return progress.New(io.Discard, false, 0)
	}
	width := 0
	live := a.terminal(a.err) && !a.flags.verbose
	if f, ok := a.err.(*os.File); ok && live {
		width, _, _ = term.GetSize(int(f.Fd()))
	}
	return progress.New(a.err, live, width)
}
