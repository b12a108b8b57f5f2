package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"squirrly.dev/internal/bus"
)

// Waiting says what a request waits for that has no record yet: for one of the permits of a pool.
type Waiting struct {
	Run     string    `json:"run"`     // that the request will have
	Pool    string    `json:"pool"`    // the place that the limit is for, such as "local"
	AtATime int       `json:"atATime"` // how many runs there may be in it
	Since   time.Time `json:"since"`
}

// String says it in words.
func (w Waiting) String() string {
	return fmt.Sprintf("waits for a permit since %s: as many runs are under way in %s as there may be at a time (%d)",
		w.Since.Local().Format(time.TimeOnly), w.Pool, w.AtATime)
}

const waitingPrefix = "waiting."

// NoteWaiting lets others see that a request waits. It is for people only: nothing is decided by it, and one whose process
// dies may stay beside the record.
func (p *Permits) NoteWaiting(ctx context.Context, w Waiting) error {
	if err := p.waiting.Put(ctx, waitingPrefix+w.Run, w); err != nil {
		return fmt.Errorf("note that run %s waits: %w", w.Run, err)
	}
	return nil
}

// Waited takes back that a request waits.
func (p *Permits) Waited(ctx context.Context, run string) error {
	if err := p.waiting.Delete(ctx, waitingPrefix+run, func(Waiting) bool { return true }); err != nil {
		return fmt.Errorf("note that run %s waits no more: %w", run, err)
	}
	return nil
}

// WaitingOf says what a request without a record waits for, if that is known.
func (p *Permits) WaitingOf(ctx context.Context, run string) (Waiting, bool, error) {
	e, err := p.waiting.Get(ctx, waitingPrefix+run)
	if errors.Is(err, bus.ErrNotFound) {
		return Waiting{}, false, nil
	}
	if err != nil {
		return Waiting{}, false, fmt.Errorf("look up what run %s waits for: %w", run, err)
	}
	return e.Value, true, nil
}
