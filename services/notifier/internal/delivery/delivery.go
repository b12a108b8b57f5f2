// Package delivery tells what runs change through one channel: it notes the intention before and the result after, so
// that a redelivered event is not told again, tries again with growing pauses, gives up in the end, and tells on the bus
// what became of it. How a channel works does not belong here.
package delivery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
)

// source of the events about notifications.
const source = "squirrly/notifier"

const (
	sendTime   = 20 * time.Second // of one attempt, whatever the channel
	maxBackoff = 10 * time.Minute
	maxMessage = 300 // bytes of the reason of a failure
)

// Publisher tells facts: *bus.Bus.
type Publisher interface {
	PublishFact(ctx context.Context, subject string, e events.Event) error
}

// Policy says how hard a channel is tried.
type Policy struct {
	Attempts int           // before a message is given up
	Backoff  time.Duration // after the first attempt; it doubles, up to ten minutes
	MaxAge   time.Duration // an older event is not told any more: its channel was off for a while
	Readings bool          // what a model says in its own words, which nobody has verified, is told, too
	Lease    time.Duration // for which an attempt to tell a group is its notifier's; 0 is [Lease]
	Look     time.Duration // until a mute time is looked at again, since it may be another by then; 0 is ten minutes
}

// Lease is for how long nobody else tells a group that a notifier has begun to tell: longer than an attempt may take.
const Lease = 2 * sendTime

const look = 10 * time.Minute

// Delivery tells events through one channel. It is safe for concurrent use.
type Delivery struct {
	channel channel.Channel
	bus     Publisher
	facts   Facts
	lives   Lives
	routes  Routes
	ledger  ledger
	groups  *bus.Bucket[group]
	health  *bus.Bucket[health]
	refs    refs
	policy  Policy
	log     *slog.Logger
}

// New makes the delivery of a channel; b holds the bucket of notifications, and the events.
func New(ch channel.Channel, p Publisher, b *bus.Bus, l Lives, r Routes, policy Policy, log *slog.Logger) *Delivery {
	policy.Lease, policy.Look = cmp.Or(policy.Lease, Lease), cmp.Or(policy.Look, look)
	return &Delivery{
		channel: ch, bus: p, facts: b, lives: l, routes: r, refs: openRefs(b, ch.Name(), log), policy: policy, log: log,
		ledger: ledger{bus.OpenBucket[entry](b, events.BucketNotify)}, groups: bus.OpenBucket[group](b, events.BucketNotify),
		health: bus.OpenBucket[health](b, events.BucketNotify),
	}
}

// Handle handles one event, for [bus.Facts].
func (d *Delivery) Handle(ctx context.Context, e events.Event, _ uint64) error {
	if age := time.Since(e.Time); d.policy.MaxAge > 0 && age > d.policy.MaxAge {
		d.log.InfoContext(ctx, "too old to be told", "channel", d.channel.Name(), "run", e.RunID, "age", age.Round(time.Minute))
		return nil
	}
	m, news, err := d.news(ctx, e)
	if err != nil || news == nothing {
		return err
	}
	var first error
	for _, p := range d.parts(m, news, time.Now()) {
		first = cmp.Or(first, d.handle(ctx, p))
	}
	return first //nolint:wrapcheck // it says what it does.
}

// handle tells one part of what a run changes, unless it was told before. What may have to wait goes into a group.
func (d *Delivery) handle(ctx context.Context, p part) error {
	if p.labels != nil {
		err := d.enter(ctx, p)
		if !bus.IsMissing(err) {
			return err
		}
	}
	key := events.Token(d.channel.Name()) + "." + events.Token(p.ID)
	began := time.Now()
	entry, err := d.ledger.begin(ctx, key, p.Event.ID)
	if bus.IsMissing(err) {
		d.log.WarnContext(ctx, "what was told to whom is lost: this may be told again (run `squirrly provision`)", "channel", d.channel.Name(), "error", err)
		return d.blindly(ctx, began, p)
	}
	if errors.Is(err, errPause) {
		return bus.Wait(events.CodeDeliveryFailed, max(time.Until(entry.Next), time.Millisecond), fmt.Errorf("tell run %s: %w", p.ID, errPause))
	}
	if err != nil {
		return err
	}
	if entry.State == intended {
		if err := d.attempt(ctx, began, key, p, &entry); err != nil {
			return err
		}
	}
	n := notice{p.ID, p.Identity, p.Event.Type, p.Event.ID, "", d.channel.Name()}
	if err := d.announce(ctx, n, entry); err != nil {
		return err
	}
	return d.notePulse(ctx, n, p.route.Path, entry)
}

// blindly sends without any memory: rather again than never.
func (d *Delivery) blindly(ctx context.Context, began time.Time, p part) error {
	err := d.send(ctx, began, channel.Message{ID: p.Event.ID, Runs: []channel.Run{p.Run}})
	if o := d.outcome(1, err); o.state == intended {
		return bus.Wait(events.CodeDeliveryFailed, o.pause, fmt.Errorf("tell run %s: %w", p.ID, err))
	}
	return nil
}

// attempt sends once and notes the result. The error says when to try again. The intention was noted a moment ago; a
// process that was frozen since sends nothing, for another one may have begun.
func (d *Delivery) attempt(ctx context.Context, began time.Time, key string, m part, e *entry) error {
	err := d.send(ctx, began, channel.Message{ID: m.Event.ID, Runs: []channel.Run{m.Run}})
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("tell run %s: %w", m.ID, err)
	}
	o := d.outcome(e.Attempt, err)
	if o.state != intended {
		return d.ledger.end(ctx, key, e, o)
	}
	if err := d.ledger.pause(ctx, key, *e, time.Now().Add(o.pause)); err != nil {
		return err
	}
	return bus.Wait(events.CodeDeliveryFailed, o.pause, fmt.Errorf("tell run %s: %w", m.ID, err))
}

// outcome is what becomes of a message after an attempt.
type outcome struct {
	state   state
	code    events.Code   // why it failed
	message string        // the same for people
	gone    bool          // because nothing gets through, and not because of the message
	pause   time.Duration // before the next attempt of one that is still intended
}

func (d *Delivery) outcome(attempt int, err error) outcome {
	switch {
	case err == nil:
		return outcome{state: sent}
	case errors.Is(err, channel.ErrRefused):
		return outcome{state: failed, code: events.CodeChannelRefused, message: brief(err), gone: errors.Is(err, channel.ErrGone)}
	case attempt >= d.policy.Attempts:
		return outcome{state: failed, code: events.CodeDeliveryFailed, message: brief(err), gone: true}
	}
	return outcome{state: intended, pause: d.pause(attempt, err)}
}

// send sends once, and keeps what the channel notes of the findings.
func (d *Delivery) send(ctx context.Context, began time.Time, m channel.Message) error {
	limited, cancel := context.WithDeadline(ctx, began.Add(sendTime))
	defer cancel()
	d.refs.fill(limited, &m)
	got, err := d.channel.Send(limited, m)
	if kept := d.refs.keep(ctx, m, got); kept != nil && err == nil {
		return kept
	}
	return err
}

// pause before the next attempt: what the receiver asks for, but at least the growing one.
func (d *Delivery) pause(attempt int, err error) time.Duration {
	const shifts = 16 // more would overflow
	pause := min(d.policy.Backoff<<min(attempt-1, shifts), maxBackoff)
	if asked, ok := errors.AsType[*channel.RetryAfter](err); ok {
		pause = max(pause, asked.After)
	}
	return pause
}

// notice is what was told, as the bus hears of it.
type notice struct {
	run      string
	identity events.Identity
	kind     events.Type // of the event that was told
	cause    string      // its id
	route    string      // that can wait; empty: never
	name     string      // tells apart what a run has several of: the channel, and the group
}

// announce tells on the bus what became of a message, once.
func (d *Delivery) announce(ctx context.Context, n notice, e entry) error {
	told := events.Notification{
		Run: n.run, Identity: n.identity, Channel: d.channel.Name(), Route: n.route, Event: n.kind, Attempt: e.Attempt,
		Code: e.Code, Message: e.Message,
	}
	var p events.Payload = events.NotificationSent{Notification: told}
	if e.State == failed {
		p = events.NotificationFailed{Notification: told}
	}
	event, err := events.New(source, n.run, e.At, p)
	if err != nil {
		return bus.Permanent(events.CodeInternal, err)
	}
	event.ID += "/" + n.name
	event.CausationID = n.cause
	if err := d.bus.PublishFact(ctx, n.identity.ChannelSubject(p.EventType(), n.run, n.name), event); err != nil {
		return fmt.Errorf("announce delivery of run %s: %w", n.run, err)
	}
	return nil
}

func brief(err error) string {
	text := err.Error()
	return strings.ToValidUTF8(text[:min(len(text), maxMessage)], "")
}
