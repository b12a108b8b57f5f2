package bus

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

// Delivery is one delivery of one message.
type Delivery struct {
	Subject       string
	Header        events.Header
	Body          []byte
	Stream        string
	StreamCreated time.Time
	Seq           uint64        // in the stream
	Stored        time.Time     // when the server stored it
	Number        uint64        // of this delivery; 1 is the first
	AckWait       time.Duration // of the consumer: silence after which the message goes to another

	beats *beats
}

// beats holds what a handler wants to be asked before each heartbeat.
type beats struct {
	ask atomic.Pointer[func(context.Context) error]
}

func (b *beats) call(ctx context.Context) error {
	if ask := b.ask.Load(); ask != nil {
		return (*ask)(ctx)
	}
	return nil
}

// BeforeHeartbeat makes the loop ask before it tells the server that the message is worked on. An error leaves that out.
func (d Delivery) BeforeHeartbeat(ask func(context.Context) error) {
	if d.beats != nil {
		d.beats.ask.Store(&ask)
	}
}

func (l loop) delivery(m jetstream.Msg) (Delivery, error) {
	meta, err := m.Metadata()
	if err != nil {
		return Delivery{}, fmt.Errorf("read metadata: %w", err)
	}
	return Delivery{
		Subject: m.Subject(), Header: events.Header(m.Headers()), Body: m.Data(),
		Stream: meta.Stream, StreamCreated: l.created, Seq: meta.Sequence.Stream, Stored: meta.Timestamp,
		Number: meta.NumDelivered, AckWait: l.ackWait, beats: &beats{},
	}, nil
}

// settlement is what becomes of a message.
type settlement int

const (
	leave settlement = iota
	ack
	again
	dead
)

// Result says what becomes of a delivery. The zero value leaves the message alone: it comes again by itself.
type Result struct {
	Outcome string // one word for log and metrics
	Err     error  // why

	settle settlement
	quiet  bool // told before, so nothing for people
	after  time.Duration
	code   events.Code
}

// Done acknowledges a message.
func Done(outcome string) Result { return Result{Outcome: outcome, settle: ack} }

// Waiting acknowledges a message whose handler waits for something; what for is told in log and span.
func Waiting(outcome string, why error) Result {
	return Result{Outcome: outcome, Err: why, settle: ack}
}

// WaitingStill is [Waiting] for what was said before: it is told at debug.
func WaitingStill(outcome string) Result { return Result{Outcome: outcome, settle: ack, quiet: true} }

// Again brings a message back after a while.
func Again(outcome string, after time.Duration, err error) Result {
	return Result{Outcome: outcome, Err: err, settle: again, after: after}
}

// Dead keeps a message as a dead letter and acknowledges it.
func Dead(code events.Code, err error) Result {
	return Result{Outcome: "dead", Err: err, settle: dead, code: code}
}

// Leave settles nothing: somebody else has the message now.
func Leave(outcome string, err error) Result { return Result{Outcome: outcome, Err: err} }

// Settle turns the error of a handler into a result: none acknowledges, [Permanent] is a dead letter, [Wait] brings the
// message back after the time it says, and any other error after a growing while.
func (d Delivery) Settle(ctx context.Context, err error) Result {
	switch {
	case err == nil:
		return Done("done")
	case ctx.Err() != nil:
		return Again("handed_back", time.Second, err)
	}
	f := AsFault(err, int(d.Number)-1) //nolint:gosec // a small count.
	if f.Final {
		return Dead(f.Code, err)
	}
	return Again("retry", f.After, err)
}

// backoff is the pause after the given delivery.
func backoff(number uint64) time.Duration {
	return AsFault(nil, int(number)-1).After //nolint:gosec // a small count.
}
