package bus

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

// subscribeDeliver is the delivery at which a fact is a dead letter without being looked at: its subscriber dies of it.
// A subscriber gives up earlier by itself.
const subscribeDeliver = 48

// Subscriber is told a fact, for the given time (1 is the first). A nil error acknowledges it, [Permanent] makes it a
// dead letter, [Wait] brings it back after the time it says, and any other error after a growing while.
type Subscriber func(ctx context.Context, e events.Event, delivery uint64) error

// Subscribe hands the facts of a durable to somebody who owns no run, such as a notification channel, in the given
// number of slots until ctx ends. It waits for the durable to be provisioned.
func (b *Bus) Subscribe(ctx context.Context, durable string, slots int, h Subscriber) error {
	s := subscription{bus: b, durable: durable, handle: h}
	return b.consume(ctx, events.StreamEvents, durable, slots, s.deliver)
}

// subscription drives one subscriber.
type subscription struct {
	bus     *Bus
	durable string
	handle  Subscriber
}

// deliver handles one delivery, with its span and its one log line.
func (s subscription) deliver(ctx context.Context, m jetstream.Msg, ackWait time.Duration) {
	began := time.Now()
	meta, err := m.Metadata()
	if err != nil {
		s.bus.log.ErrorContext(ctx, "message without metadata", "error", err)
		return
	}
	ctx, span := s.bus.tel.start(ctx, s.durable, m.Headers(), meta.NumDelivered)
	outcome, err := s.process(ctx, m, meta, ackWait)
	s.bus.tel.end(ctx, span, s.durable, outcome, began, err)
	attrs := []any{
		"subject", m.Subject(), "consumer", s.durable, "outcome", outcome, "delivery", meta.NumDelivered,
		"took", time.Since(began).Round(time.Millisecond),
	}
	if err != nil {
		s.bus.log.WarnContext(ctx, "handled fact", append(attrs, "error", err)...)
		return
	}
	s.bus.log.InfoContext(ctx, "handled fact", attrs...)
}

func (s subscription) process(
	ctx context.Context, m jetstream.Msg, meta *jetstream.MsgMetadata, ackWait time.Duration,
) (outcome string, err error) {
	if meta.NumDelivered >= subscribeDeliver {
		return "dead", s.dead(ctx, m, events.CodeRetriesExhausted, errors.New("delivered too often without success"))
	}
	e, err := events.DecodeEvent(m.Data())
	if err != nil {
		return "dead", errors.Join(err, s.dead(ctx, m, events.CodeUndecodable, err))
	}
	err = s.attempt(ctx, e, m, meta.NumDelivered, ackWait)
	// What was done is settled, also when the service stops meanwhile.
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	switch {
	case err == nil:
		return "done", m.DoubleAck(settle) //nolint:wrapcheck // logged as it is.
	case ctx.Err() != nil:
		return "handed_back", errors.Join(err, m.NakWithDelay(time.Second))
	}
	f := asFault(err, int(meta.NumDelivered)-1)
	if f.final {
		return "dead", errors.Join(err, s.dead(settle, m, f.Code, err))
	}
	return "retry", errors.Join(err, m.NakWithDelay(max(f.After, time.Millisecond)))
}

// attempt calls the subscriber while the server is told that the message is worked on.
func (s subscription) attempt(
	ctx context.Context, e events.Event, m jetstream.Msg, delivery uint64, ackWait time.Duration,
) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for sleep(ctx, ackWait/heartbeats) == nil {
			if err := m.InProgress(); err != nil {
				s.bus.log.WarnContext(ctx, "heartbeat", "consumer", s.durable, "error", err)
			}
		}
	}()
	defer func() {
		cancel()
		<-done
		if r := recover(); r != nil {
			err = &panicked{value: r, stack: debug.Stack()}
		}
	}()
	return s.handle(ctx, e, delivery)
}

func (s subscription) dead(ctx context.Context, m jetstream.Msg, code events.Code, why error) error {
	if err := s.bus.bury(ctx, s.durable, m, code, why); err != nil {
		return err
	}
	return m.DoubleAck(ctx) //nolint:wrapcheck // logged as it is.
}
