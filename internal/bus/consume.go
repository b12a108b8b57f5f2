package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"squirrly.dev/internal/panics"
	"squirrly.dev/pkg/events"
)

const (
	// heartbeats is how many signs of life fit into one AckWait.
	heartbeats = 3
	settleTime = 10 * time.Second // of an acknowledgement, also when the service stops meanwhile
)

// Consumer is a durable consumer and how it is served.
type Consumer struct {
	Stream  string
	Durable string // its name, also that of the service in spans, logs and dead letters
	Slots   int    // at least one; each handles Batch deliveries at a time
	Batch   int    // at least one; more are for handlers that mostly wait for others
	// Gate says, when it is time to ask for messages, how many may come; its error asks again later. Nil lets all in.
	Gate func(context.Context) (int, error)
	// GiveUp is the delivery at which a message is a dead letter without being looked at, since whoever handles it dies
	// of it; 0 is never.
	GiveUp uint64
	Limit  time.Duration // of one delivery; 0 is none
}

// Consume hands the deliveries of a durable consumer to handle, until ctx ends. It waits for the consumer to be
// provisioned, and for whatever else may pass: a stream without a leader, a server that restarts. Only a connection that
// is closed for good ends it with an error, [ErrClosed]. It is the only loop there is: for each delivery it makes the span, tells the server that the message is
// worked on, turns a panic into a result, settles the message as the result says, and writes one line into the log.
//
// A slot asks for as many messages as it handles at once: with prefetch, messages would age in the client while a long job
// runs, and be delivered to somebody else as well.
func (b *Bus) Consume(ctx context.Context, c Consumer, handle func(context.Context, Delivery) Result) error {
	cons, created, err := b.bind(ctx, c.Stream, c.Durable)
	if err != nil {
		return err
	}
	l := loop{
		Consumer: c, bus: b, handle: handle, created: created,
		ackWait: cons.CachedInfo().Config.AckWait,
	}
	g, ctx := errgroup.WithContext(ctx)
	for range max(c.Slots, 1) {
		g.Go(func() error { return l.slot(ctx, cons) })
	}
	return g.Wait() //nolint:wrapcheck // the slots say what they are.
}

// bind looks a durable up, and when its stream was created, again and again while there is no such answer.
func (b *Bus) bind(ctx context.Context, stream, durable string) (jetstream.Consumer, time.Time, error) {
	const pause = 2 * time.Second
	for logged := false; ; {
		cons, created, err := b.lookUp(ctx, stream, durable)
		if err == nil {
			return cons, created, nil
		}
		if err := cmp.Or(ctx.Err(), b.closed()); err != nil {
			return nil, created, fmt.Errorf("bind %s: %w", durable, err)
		}
		if !logged {
			b.log.WarnContext(ctx, "waiting for the consumer (run `squirrly provision`)", "stream", stream, "consumer", durable, "error", err)
			logged = true
		}
		if err := sleep(ctx, pause); err != nil {
			return nil, created, fmt.Errorf("bind %s: %w", durable, err)
		}
	}
}

func (b *Bus) lookUp(ctx context.Context, stream, durable string) (jetstream.Consumer, time.Time, error) {
	s, err := b.js.Stream(ctx, stream)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("open stream %s: %w", stream, err)
	}
	cons, err := s.Consumer(ctx, durable)
	return cons, s.CachedInfo().Created, err //nolint:wrapcheck // the caller names the consumer.
}

// loop serves one consumer.
type loop struct {
	Consumer

	bus     *Bus
	handle  func(context.Context, Delivery) Result
	created time.Time // the stream
	ackWait time.Duration
}

// slot handles deliveries until ctx ends. After a failure the consumer is looked up anew: it may have been made again.
func (l loop) slot(ctx context.Context, cons jetstream.Consumer) error {
	const pause = time.Second
	free := newPlaces(max(l.Batch, 1))
	defer free.empty()
	for ctx.Err() == nil {
		err := l.pull(ctx, cons, free)
		switch {
		case err == nil, ctx.Err() != nil, errors.Is(err, nats.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
			continue
		}
		l.bus.log.WarnContext(ctx, "next message", "consumer", l.Durable, "error", err)
		_ = sleep(ctx, pause) // the loop ends with the context
		again, created, err := l.bus.bind(ctx, l.Stream, l.Durable)
		if err == nil {
			cons, l.created = again, created
		} else if errors.Is(err, ErrClosed) {
			return err
		}
	}
	return nil
}

// pull asks for as many messages as there are places for, and hands each on as it comes.
func (l loop) pull(ctx context.Context, cons jetstream.Consumer, free *places) error {
	const longest, shut = 20 * time.Second, time.Second
	n := free.take(ctx)
	defer func() { free.give(n) }()
	if n == 0 {
		return nil
	}
	most := n
	if l.Gate != nil {
		let, err := l.Gate(ctx)
		if err != nil || let < 1 {
			_ = sleep(ctx, shut) // the loop ends with the context
			return nil
		}
		most = min(let, n)
	}
	pullCtx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	batch, err := cons.Fetch(most, jetstream.FetchContext(pullCtx))
	if err != nil {
		return err //nolint:wrapcheck // the caller says what for.
	}
	for m := range batch.Messages() {
		n--
		go func() {
			defer free.give(1)
			l.deliver(ctx, m)
		}()
	}
	return batch.Error() //nolint:wrapcheck // the caller says what for.
}

// deliver handles one delivery, with its span and its one log line.
func (l loop) deliver(ctx context.Context, m jetstream.Msg) {
	began := time.Now()
	d, err := l.delivery(m)
	if err != nil {
		l.bus.log.ErrorContext(ctx, "message without metadata", "error", err)
		return
	}
	ctx, span := l.bus.tel.start(ctx, l.Durable, m.Headers(), d.Number)
	r := l.work(ctx, m, d)
	l.bus.tel.end(ctx, span, l.Durable, r.Outcome, began, r.Err)
	attrs := []any{
		"consumer", l.Durable, "subject", d.Subject, "seq", d.Seq, "outcome", r.Outcome, "delivery", d.Number,
		"took", time.Since(began).Round(time.Millisecond),
	}
	if run := d.Header.Get(events.HeaderRun); run != "" {
		attrs = append(attrs, "run", run)
	}
	if r.Err != nil {
		l.bus.log.WarnContext(ctx, "handled", append(attrs, "error", r.Err)...)
		return
	}
	level := slog.LevelInfo
	if r.quiet {
		level = slog.LevelDebug
	}
	l.bus.log.Log(ctx, level, "handled", attrs...)
}

// work calls the handler while the server is told that the message is worked on, and settles it.
func (l loop) work(ctx context.Context, m jetstream.Msg, d Delivery) Result {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.beat(ctx, m, d)
	}()
	defer func() { cancel(); <-done }()
	r := l.call(ctx, d)
	settle, stop := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer stop()
	if err := l.settle(settle, m, d, r); err != nil {
		r.Err = errors.Join(r.Err, fmt.Errorf("settle: %w", err))
	}
	return r
}

// call runs the handler. A panic brings the message back, and is the last of it at the delivery that gives up.
func (l loop) call(ctx context.Context, d Delivery) (r Result) {
	if l.GiveUp > 0 && d.Number >= l.GiveUp {
		return Dead(events.CodeRetriesExhausted, fmt.Errorf("delivered %d times without success", l.GiveUp))
	}
	if l.Limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.Limit)
		defer cancel()
	}
	err := panics.Catch(func() error { r = l.handle(ctx, d); return nil })
	if err != nil {
		return Again("panic", backoff(d.Number), err)
	}
	return r
}

func (l loop) beat(ctx context.Context, m jetstream.Msg, d Delivery) {
	every := l.ackWait / heartbeats
	for sleep(ctx, every) == nil {
		call, cancel := context.WithTimeout(ctx, every)
		err := d.beats.call(call)
		cancel()
		if err == nil {
			err = m.InProgress()
		}
		if err != nil && ctx.Err() == nil {
			l.bus.log.WarnContext(ctx, "heartbeat", "consumer", l.Durable, "subject", d.Subject, "error", err)
		}
	}
}

func (l loop) settle(ctx context.Context, m jetstream.Msg, d Delivery, r Result) error {
	switch r.settle {
	case leave:
		return nil
	case again:
		return m.NakWithDelay(max(r.after, time.Millisecond)) //nolint:wrapcheck // the caller says what for.
	case dead:
		if err := l.bus.deadLetter(ctx, l.Durable, d, r.code, r.Err); err != nil {
			return err
		}
	case ack:
	}
	return m.DoubleAck(ctx) //nolint:wrapcheck // the caller says what for.
}
