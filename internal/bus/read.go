package bus

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

const (
	// readTime is how long one read waits for its answer: during a change of leaders one may hang for seconds, and the
	// next is answered at once.
	readTime = time.Second
	// readFor is how long reads without an answer are repeated.
	readFor = 10 * time.Second
)

// read calls get with a stream, again and again while there is no answer. A handle that is not answered is opened anew:
// it may be older than the stream's settings, or than its leader.
func (b *Bus) read(ctx context.Context, stream string, get func(context.Context, jetstream.Stream) error) error {
	until := time.Now().Add(readFor)
	for try := 0; ; try++ {
		call, cancel := context.WithTimeout(ctx, readTime)
		s, err := b.stream(call, stream)
		if err == nil {
			err = get(call, s)
		}
		cancel()
		if err == nil || !IsUnanswered(err) {
			return err
		}
		if denied := b.Denied(); denied != nil && !b.patient {
			return denied
		}
		b.streams.Delete(stream)
		if ctx.Err() != nil || time.Now().After(until) || pause(ctx, try) != nil {
			return err
		}
	}
}

// stream returns the handle of a stream, which is kept.
func (b *Bus) stream(ctx context.Context, name string) (jetstream.Stream, error) {
	if s, ok := b.streams.Load(name); ok {
		return s.(jetstream.Stream), nil
	}
	s, err := b.js.Stream(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("open stream %s (run `squirrly provision`): %w", name, err)
	}
	b.streams.Store(name, s)
	return s, nil
}

// last reads the last message on a subject at the leader of its stream; nil is none.
func (b *Bus) last(ctx context.Context, stream, subject string) (*jetstream.RawStreamMsg, error) {
	var m *jetstream.RawStreamMsg
	err := b.read(ctx, stream, func(ctx context.Context, s jetstream.Stream) error {
		var err error
		m, err = s.GetLastMsgForSubject(ctx, subject)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			m, err = nil, nil
		}
		return err
	})
	return m, err
}

// LastFact returns the sequence of the last message on a subject of the event stream, at its leader; 0 is none.
func (b *Bus) LastFact(ctx context.Context, subject string) (uint64, error) {
	m, err := b.last(ctx, events.StreamEvents, subject)
	if err != nil {
		return 0, fmt.Errorf("look up %s: %w", subject, err)
	}
	if m == nil {
		return 0, nil
	}
	return m.Sequence, nil
}

// Fact returns the last message on a subject of the event stream; its bool is false when there is none, or none that can be
// read.
func (b *Bus) Fact(ctx context.Context, subject string) (events.Event, bool, error) {
	m, err := b.last(ctx, events.StreamEvents, subject)
	if err != nil {
		return events.Event{}, false, fmt.Errorf("read %s: %w", subject, err)
	}
	if m == nil {
		return events.Event{}, false, nil
	}
	e, err := events.DecodeEvent(m.Data)
	return e, err == nil, nil
}

// AckFloor returns the sequence up to which a durable has acknowledged everything.
func (b *Bus) AckFloor(ctx context.Context, stream, durable string) (uint64, error) {
	cons, err := b.js.Consumer(ctx, stream, durable)
	if err != nil {
		return 0, fmt.Errorf("look up consumer %s: %w", durable, err)
	}
	return cons.CachedInfo().AckFloor.Stream, nil
}

// WaitFor waits until a durable is provisioned. The error is that of ctx, or [ErrClosed].
func (b *Bus) WaitFor(ctx context.Context, stream, durable string) error {
	_, _, err := b.bind(ctx, stream, durable)
	return err
}

// pause waits a growing, random while before the next try (0 is the first), so that many who lost against each other do
// not meet again.
func pause(ctx context.Context, try int) error {
	const first, most = 4 * time.Millisecond, 500 * time.Millisecond
	limit := min(first<<min(try, 10), most)
	return sleep(ctx, limit/4+rand.N(limit)) //nolint:gosec // spreads load, hides nothing.
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err() //nolint:wrapcheck // the cause is the caller's own context.
	}
}
