package bus

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// writeFor is how long a message without an answer is sent again: far below the window in which the server knows its id.
const writeFor = 30 * time.Second

// swap stores a message if the last one on its subject has the given sequence, 0 being none. While there is no answer it
// sends the same message again, which is stored once by its id. So an error that [IsConflict] says that this message
// was not stored by then; any other that it is not known, or cannot be.
//
// The message names its stream: it is stored with it, so that a consumer which somebody points at a subject of another
// stream, the inbox for example, puts nothing there.
//
// known says that the stream has had a message of this id before: this one, or one of somebody who took its id.
func (b *Bus) swap(ctx context.Context, stream string, m *nats.Msg, id string, expected uint64) (known bool, err error) {
	return b.store(ctx, m, id, jetstream.WithExpectStream(stream), jetstream.WithExpectLastSequencePerSubject(expected))
}

// store publishes a message until it is known what became of it. Only one with an id, which the server knows again, is
// repeated when it may have been stored.
func (b *Bus) store(ctx context.Context, m *nats.Msg, id string, opts ...jetstream.PublishOpt) (known bool, err error) {
	again := isUnheard
	if id != "" {
		again, opts = IsUnanswered, append(opts, jetstream.WithMsgID(id))
	}
	until := time.Now().Add(writeFor)
	for try := 0; ; try++ {
		call, cancel := context.WithTimeout(ctx, apiTimeout)
		ack, err := b.js.PublishMsg(call, m, opts...)
		cancel()
		if err == nil {
			return ack.Duplicate, nil
		}
		if !again(err) || ctx.Err() != nil || time.Now().After(until) || pause(ctx, try) != nil {
			return false, fmt.Errorf("publish to %s: %w", m.Subject, err)
		}
	}
}
