package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"squirrly.dev/pkg/events"
)

// Handler does one step of one run and returns the payload of the event that tells of it. The context ends when the
// run is cancelled, superseded or past its deadline, or when the service stops.
type Handler func(ctx context.Context, c *Claim) (events.Payload, error)

const (
	// heartbeats is how many signs of life fit into one AckWait.
	heartbeats = 3
	// noRecordFor is how long a fact may be older than its record before it is a dead letter.
	noRecordFor = time.Minute
	settleTime  = 10 * time.Second
)

// Work handles the deliveries of a step in the given number of slots until ctx ends. It waits for the streams to be
// provisioned.
func (b *Bus) Work(ctx context.Context, s Step, slots int, h Handler) error {
	w := worker{bus: b, step: s, handle: h, log: b.log.With("service", s.Service)}
	return b.consume(ctx, events.StreamEvents, s.Service, slots, w.deliver)
}

// delivery is what the loop hands to a worker or an inbox.
type delivery func(ctx context.Context, m jetstream.Msg, ackWait time.Duration)

// consume runs the slots of one durable. Each slot has one message in flight: with prefetch, messages would age in the
// client while a long job runs, and be delivered to somebody else as well.
func (b *Bus) consume(ctx context.Context, stream, durable string, slots int, d delivery) error {
	cons, err := b.bind(ctx, stream, durable)
	if err != nil {
		return err
	}
	ackWait := cons.CachedInfo().Config.AckWait
	g, ctx := errgroup.WithContext(ctx)
	for range max(slots, 1) {
		g.Go(func() error {
			b.slot(ctx, cons, durable, ackWait, d)
			return nil
		})
	}
	return g.Wait() //nolint:wrapcheck // the slots return no error.
}

// bind looks a durable up, again and again while it is not there yet.
func (b *Bus) bind(ctx context.Context, stream, durable string) (jetstream.Consumer, error) {
	const pause = 2 * time.Second
	for logged := false; ; {
		cons, err := b.js.Consumer(ctx, stream, durable)
		if err == nil {
			return cons, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("bind %s: %w", durable, ctx.Err())
		}
		if !logged {
			b.log.WarnContext(ctx, "waiting for the consumer (run `squirrly provision`)", "stream", stream, "consumer", durable, "error", err)
			logged = true
		}
		if sleep(ctx, pause) != nil {
			return nil, fmt.Errorf("bind %s: %w", durable, ctx.Err())
		}
	}
}

func (b *Bus) slot(ctx context.Context, cons jetstream.Consumer, durable string, ackWait time.Duration, d delivery) {
	const pull, pause = 20 * time.Second, time.Second
	for ctx.Err() == nil {
		pullCtx, cancel := context.WithTimeout(ctx, pull)
		m, err := cons.Next(jetstream.FetchContext(pullCtx))
		cancel()
		switch {
		case err == nil:
			d(ctx, m, ackWait)
		case ctx.Err() != nil, errors.Is(err, nats.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		default:
			b.log.WarnContext(ctx, "next message", "consumer", durable, "error", err)
			_ = sleep(ctx, pause)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err() //nolint:wrapcheck // the cause is the caller's own context.
	}
}

// worker drives one step.
type worker struct {
	bus    *Bus
	step   Step
	handle Handler
	log    *slog.Logger
}

// deliver handles one delivery from claim to settlement, with its span and its one log line.
func (w worker) deliver(ctx context.Context, m jetstream.Msg, ackWait time.Duration) {
	began := time.Now()
	meta, err := m.Metadata()
	if err != nil {
		w.log.ErrorContext(ctx, "message without metadata", "error", err)
		return
	}
	ctx, span := w.bus.tel.start(ctx, w.step.Service, m.Headers(), meta.NumDelivered)
	run, outcome, err := w.process(ctx, m, meta, ackWait)
	w.bus.tel.end(ctx, span, w.step.Service, outcome, began, err)
	level := slog.LevelInfo
	if err != nil {
		level = slog.LevelWarn
	}
	attrs := []any{"run", run, "outcome", outcome, "delivery", meta.NumDelivered, "took", time.Since(began).Round(time.Millisecond)}
	if err != nil {
		attrs = append(attrs, "error", err)
	}
	w.log.Log(ctx, level, "handled", attrs...)
}

// process returns the run, an outcome for log and metrics, and the error that explains it.
func (w worker) process(ctx context.Context, m jetstream.Msg, meta *jetstream.MsgMetadata, ackWait time.Duration) (run, outcome string, err error) {
	e, run, err := w.decode(m)
	if err != nil {
		return run, "dead", w.dead(ctx, m, events.CodeUndecodable, err)
	}
	c, err := w.bus.claim(ctx, w.step, run, e, meta, ackWait)
	switch {
	case err == nil:
	case errors.Is(err, errBeyond):
		return run, "done_before", w.through(ctx, c, m)
	case errors.Is(err, errEnding):
		return run, "ended", errors.Join(w.bus.ending(ctx, c.Record()), m.DoubleAck(ctx))
	case errors.Is(err, errCrash):
		return run, "dead", w.fail(ctx, c, m, &Fault{Code: events.CodeCrashLoop, err: err})
	case errors.Is(err, ErrNoRecord) && time.Since(meta.Timestamp) > noRecordFor:
		return run, "dead", w.dead(ctx, m, events.CodeNoRecord, err)
	case errors.Is(err, errBusy):
		return run, "busy", m.NakWithDelay(ackWait) //nolint:wrapcheck // logged as it is.
	default:
		const again = 3 * time.Second
		return run, "unreadable", errors.Join(err, m.NakWithDelay(again))
	}
	p, err := w.attempt(ctx, c, m, ackWait)
	outcome, err = w.settle(ctx, c, m, p, err)
	return run, outcome, err
}

func (w worker) decode(m jetstream.Msg) (events.Event, string, error) {
	if run := events.Header(m.Headers()).Get(events.HeaderRun); len(m.Data()) == 0 && run != "" {
		return events.Event{}, run, nil // a resume
	}
	e, err := events.DecodeEvent(m.Data())
	if err != nil {
		return e, "", err
	}
	if e.RunID == "" {
		return e, "", errors.New("event without a runid")
	}
	return e, e.RunID, nil
}

// attempt runs the handler under heartbeats and the deadline. A panic is a crash: it leaves no outcome.
func (w worker) attempt(ctx context.Context, c *Claim, m jetstream.Msg, ackWait time.Duration) (p events.Payload, err error) {
	ctx, cancel := context.WithDeadlineCause(ctx, c.Record().Plan.Deadline,
		Permanent(events.CodeDeadlineExceeded, errors.New("the run did not finish before its deadline")))
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.beat(ctx, m, ackWait/heartbeats, stop)
	}()
	defer func() {
		stop(nil)
		<-done
		if r := recover(); r != nil {
			err = &panicked{value: r, stack: debug.Stack()}
		}
	}()
	p, err = w.handle(ctx, c)
	if cause := context.Cause(ctx); err != nil && ctx.Err() != nil && cause != nil {
		err = cause
	}
	return p, err
}

// panicked is a handler's panic.
type panicked struct {
	value any
	stack []byte
}

// Error implements error.
func (p *panicked) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

// beat tells the server that the message is being worked on, and looks whether the run is still ours.
func (c *Claim) beat(ctx context.Context, m jetstream.Msg, every time.Duration, stop context.CancelCauseFunc) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := c.Mutate(ctx, func(*Record) error { return nil })
		if errors.Is(err, ErrSuperseded) || errors.Is(err, ErrCancelled) {
			stop(err)
			return
		}
		if err == nil {
			err = m.InProgress()
		}
		if err != nil && ctx.Err() == nil {
			c.bus.log.WarnContext(ctx, "heartbeat", "run", c.run, "error", err)
		}
	}
}

// settle turns the result of a handler into events, record and acknowledgement.
func (w worker) settle(stopping context.Context, c *Claim, m jetstream.Msg, p events.Payload, err error) (string, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(stopping), settleTime)
	defer cancel()
	if err == nil {
		if err = c.finish(ctx, p); err == nil {
			return "done", w.through(ctx, c, m)
		}
	}
	var crash *panicked
	switch {
	case errors.Is(err, ErrSuperseded):
		return "superseded", nil
	case errors.Is(err, ErrCancelled):
		return "cancelled", w.cancelled(ctx, c, m)
	case errors.As(err, &crash):
		const again = 2 * time.Second
		return "panic", errors.Join(err, m.NakWithDelay(again))
	case stopping.Err() != nil:
		return "handed_back", errors.Join(c.handBack(ctx), m.NakWithDelay(time.Second))
	}
	f := asFault(err, c.Record().Attempts)
	if !f.final {
		waitErr := c.wait(ctx, f)
		if waitErr == nil {
			return "waits", errors.Join(err, m.DoubleAck(ctx))
		}
		if !errors.As(waitErr, &f) || !f.final {
			return "wait_failed", errors.Join(err, waitErr)
		}
	}
	return "failed", errors.Join(f, w.fail(ctx, c, m, f))
}

// through does what comes after a step, and acknowledges its delivery. When that fails, the delivery comes again.
func (w worker) through(ctx context.Context, c *Claim, m jetstream.Msg) error {
	if err := w.step.after(ctx, c.Record()); err != nil {
		const again = 3 * time.Second
		return errors.Join(err, m.NakWithDelay(again))
	}
	return m.DoubleAck(ctx) //nolint:wrapcheck // logged as it is.
}

func (w worker) cancelled(ctx context.Context, c *Claim, m jetstream.Msg) error {
	if err := c.conclude(ctx, events.StateCancelled, events.CodeCancelled, ErrCancelled); err != nil {
		return err
	}
	return m.DoubleAck(ctx) //nolint:wrapcheck // logged as it is.
}

// fail ends the run, keeps the message as a dead letter and acknowledges it.
func (w worker) fail(ctx context.Context, c *Claim, m jetstream.Msg, f *Fault) error {
	if err := c.conclude(ctx, events.StateFailed, f.Code, f); err != nil {
		return err
	}
	return w.dead(ctx, m, f.Code, f)
}

func (w worker) dead(ctx context.Context, m jetstream.Msg, code events.Code, why error) error {
	if err := w.bus.bury(ctx, w.step.Service, m, code, why); err != nil {
		return err
	}
	return m.DoubleAck(ctx) //nolint:wrapcheck // logged as it is.
}
