package bus

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

// Message is one message of the inbox as it came.
type Message struct {
	Subject       string
	Header        events.Header
	Body          []byte
	Stream        string
	StreamCreated time.Time
	Seq           uint64    // in the stream
	Stored        time.Time // when the server stored it
	Delivery      uint64    // 1 for the first
}

// Intake handles one message of the inbox. A nil error acknowledges it. A [Permanent] error makes it a dead letter, and
// any other error brings it back later; at the fifth delivery it is a dead letter without being looked at.
type Intake func(ctx context.Context, m Message) error

// Receive handles the inbox in the given number of slots until ctx ends.
func (b *Bus) Receive(ctx context.Context, slots int, h Intake) error {
	if _, err := b.bind(ctx, events.StreamRequests, events.DurableTrigger); err != nil {
		return err
	}
	stream, err := b.js.Stream(ctx, events.StreamRequests)
	if err != nil {
		return fmt.Errorf("open stream %s: %w", events.StreamRequests, err)
	}
	in := inbox{bus: b, handle: h, created: stream.CachedInfo().Created}
	return b.consume(ctx, events.StreamRequests, events.DurableTrigger, slots, in.deliver)
}

// inbox drives the intake of requests.
type inbox struct {
	bus     *Bus
	handle  Intake
	created time.Time
}

func (in inbox) deliver(ctx context.Context, m jetstream.Msg, ackWait time.Duration) {
	began := time.Now()
	meta, err := m.Metadata()
	if err != nil {
		in.bus.log.ErrorContext(ctx, "message without metadata", "error", err)
		return
	}
	ctx, span := in.bus.tel.start(ctx, events.DurableTrigger, m.Headers(), meta.NumDelivered)
	outcome, err := in.process(ctx, m, meta, ackWait)
	in.bus.tel.end(ctx, span, events.DurableTrigger, outcome, began, err)
	log := in.bus.log.Info
	if err != nil {
		log = in.bus.log.Warn
	}
	attrs := []any{
		"subject", m.Subject(), "seq", meta.Sequence.Stream, "outcome", outcome, "delivery", meta.NumDelivered,
		"took", time.Since(began).Round(time.Millisecond),
	}
	if err != nil {
		attrs = append(attrs, "error", err)
	}
	log("handled request", attrs...)
}

func (in inbox) process(ctx context.Context, m jetstream.Msg, meta *jetstream.MsgMetadata, ackWait time.Duration) (string, error) {
	if meta.NumDelivered >= inboxDeliver {
		return "dead", in.dead(ctx, m, events.CodeRetriesExhausted, errors.New("delivered five times without success"))
	}
	work, cancel := context.WithTimeout(ctx, ackWait)
	defer cancel()
	err := in.call(work, Message{
		Subject: m.Subject(), Header: events.Header(m.Headers()), Body: m.Data(), Stream: meta.Stream,
		StreamCreated: in.created, Seq: meta.Sequence.Stream, Stored: meta.Timestamp, Delivery: meta.NumDelivered,
	})
	var f *Fault
	switch {
	case err == nil:
		return "done", m.DoubleAck(ctx) //nolint:wrapcheck // logged as it is.
	case errors.As(err, &f) && f.final:
		return "dead", errors.Join(err, in.dead(ctx, m, f.Code, err))
	default:
		const step = 2 * time.Second
		return "retry", errors.Join(err, m.NakWithDelay(step*time.Duration(meta.NumDelivered)))
	}
}

func (in inbox) call(ctx context.Context, m Message) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &panicked{value: r, stack: debug.Stack()}
		}
	}()
	return in.handle(ctx, m)
}

func (in inbox) dead(ctx context.Context, m jetstream.Msg, code events.Code, why error) error {
	if err := in.bus.bury(ctx, events.DurableTrigger, m, code, why); err != nil {
		return err
	}
	return m.DoubleAck(ctx) //nolint:wrapcheck // logged as it is.
}
