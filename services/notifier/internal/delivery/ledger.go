package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
)

// state is how far a delivery is.
type state string

// The states of a delivery. Intended means that the message may or may not have got through.
const (
	intended state = "intended"
	sent     state = "sent"
	failed   state = "failed"
)

// entry is what is known about telling one event through one channel.
type entry struct {
	Event   string      `json:"event"` // id
	State   state       `json:"state"`
	Attempt int         `json:"attempt"` // 1 for the first
	At      time.Time   `json:"at"`
	Next    time.Time   `json:"next,omitzero"` // the pause after the last attempt lasts until then
	Code    events.Code `json:"code,omitempty"`
	Message string      `json:"message,omitempty"`
	Gone    bool        `json:"gone,omitempty"` // it failed because nothing gets through, and not because of the message
}

// over reports whether the event is told, or given up.
func (e entry) over() bool { return e.State == sent || e.State == failed }

// ledger keeps entries in the bucket of notifications.
type ledger struct{ entries *bus.Bucket[entry] }

// errOther says that another attempt to tell the same event began meanwhile.
var errOther = errors.New("another attempt has begun")

// begin notes the intention of one more attempt, unless the entry is over already.
func (l ledger) begin(ctx context.Context, key, event string) (entry, error) {
	e, err := l.entries.Upsert(ctx, key, func(e *entry) error {
		if e.Event != event {
			*e = entry{Event: event} // of another event: begin anew
		}
		now := time.Now().UTC()
		switch {
		case e.over():
			return errOver
		case now.Before(e.Next):
			return errPause
		}
		e.State, e.Attempt, e.At, e.Next = intended, e.Attempt+1, now, time.Time{}
		return nil
	})
	if err != nil && !errors.Is(err, errOver) {
		return e, fmt.Errorf("note the intention: %w", err)
	}
	return e, nil
}

var (
	errOver  = errors.New("the event is told")
	errPause = errors.New("the next attempt is later")
)

// pause notes that nothing is sent for a while, whoever brings the event back: other channels of the type may do so.
func (l ledger) pause(ctx context.Context, key string, e entry, until time.Time) error {
	_, err := l.entries.Update(ctx, key, func(stored *entry) error {
		if stored.Event != e.Event || stored.Attempt != e.Attempt || stored.over() {
			return errOther
		}
		stored.Next = until.UTC()
		return nil
	})
	if err != nil && !errors.Is(err, errOther) {
		return fmt.Errorf("note the pause: %w", err)
	}
	return nil
}

// end notes how an attempt ended, unless another one has begun: then that one tells.
func (l ledger) end(ctx context.Context, key string, e *entry, o outcome) error {
	ended, err := l.entries.Update(ctx, key, func(stored *entry) error {
		if stored.Event != e.Event || stored.Attempt != e.Attempt {
			return errOther
		}
		stored.State, stored.Code, stored.Message, stored.Gone, stored.At = o.state, o.code, o.message, o.gone, time.Now().UTC()
		return nil
	})
	if err != nil {
		return fmt.Errorf("note the delivery: %w", err)
	}
	*e = ended
	return nil
}
