package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

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
	Code    events.Code `json:"code,omitempty"`
	Message string      `json:"message,omitempty"`

	key      string
	revision uint64
}

// ledger keeps entries in the bucket of notifications.
type ledger struct{ js jetstream.JetStream }

// begin notes the intention of one more attempt, unless the entry is over already.
func (l ledger) begin(ctx context.Context, channel, run, event string) (entry, error) {
	e := entry{key: events.Token(channel) + "." + events.Token(run)}
	kv, err := l.bucket(ctx)
	if err != nil {
		return e, err
	}
	stored, err := kv.Get(ctx, e.key)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
	case err != nil:
		return e, fmt.Errorf("read what %s was told: %w", channel, err)
	default:
		if err := json.Unmarshal(stored.Value(), &e); err != nil || e.Event != event {
			e = entry{key: e.key} // of another event, or unreadable: begin anew
		}
		e.revision = stored.Revision()
	}
	if e.State == sent || e.State == failed {
		return e, nil
	}
	e.Event, e.State, e.Attempt = event, intended, e.Attempt+1
	return e, l.write(ctx, &e)
}

// end notes how a delivery ended.
func (l ledger) end(ctx context.Context, e *entry, s state, code events.Code, message string) error {
	e.State, e.Code, e.Message = s, code, message
	return l.write(ctx, e)
}

func (l ledger) write(ctx context.Context, e *entry) error {
	kv, err := l.bucket(ctx)
	if err != nil {
		return err
	}
	e.At = time.Now().UTC()
	body, err := json.Marshal(e)
	if err == nil && e.revision == 0 {
		e.revision, err = kv.Create(ctx, e.key, body)
	} else if err == nil {
		e.revision, err = kv.Update(ctx, e.key, body, e.revision)
	}
	if err != nil {
		return fmt.Errorf("note delivery %s: %w", e.key, err)
	}
	return nil
}

func (l ledger) bucket(ctx context.Context) (jetstream.KeyValue, error) {
	kv, err := l.js.KeyValue(ctx, events.BucketNotify)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s (run `squirrly provision`): %w", events.BucketNotify, err)
	}
	return kv, nil
}
