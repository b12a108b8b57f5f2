// Package delivery tells what runs change through one channel: it notes the intention before and the result after, so
// that a redelivered event is not told again, tries again with growing pauses, gives up in the end, and tells on the bus
// what became of it. How a channel works does not belong here.
package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
	"squirrly.dev/services/notifier/internal/route"
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
}

// Delivery tells events through one channel. It is safe for concurrent use.
type Delivery struct {
	channel channel.Channel
	bus     Publisher
	lives   Lives
	routes  Routes
	ledger  ledger
	refs    refs
	policy  Policy
	log     *slog.Logger
}

// New makes the delivery of a channel; b holds the bucket of notifications.
func New(ch channel.Channel, p Publisher, b *bus.Bus, l Lives, r Routes, policy Policy, log *slog.Logger) *Delivery {
	return &Delivery{channel: ch, bus: p, lives: l, routes: r, ledger: ledger{bus.OpenBucket[entry](b, events.BucketNotify)}, refs: openRefs(b, ch.Name(), log), policy: policy, log: log}
}

// Handle handles one event, for [bus.Facts].
func (d *Delivery) Handle(ctx context.Context, e events.Event, _ uint64) error {
	m, err := channel.Read(e)
	if err == nil && !d.policy.Readings {
		m, err = m.WithoutReadings()
	}
	if err != nil {
		return bus.Permanent(events.CodeUndecodable, err)
	}
	news, err := d.news(ctx, &m)
	if err != nil {
		return err
	}
	var first error
	for _, p := range d.parts(m, news, time.Now()) {
		if err := d.handle(ctx, p); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// mutePause is the longest time after which a message that waits for a mute time to end is looked at again.
const mutePause = 4 * time.Hour

// handle tells one part of what a run changes, unless it was told before.
func (d *Delivery) handle(ctx context.Context, p part) error {
	most := d.policy.MaxAge
	if p.route != "" {
		most += route.LongestMute
	}
	if age := time.Since(p.Event.Time); d.policy.MaxAge > 0 && age > most {
		d.log.InfoContext(ctx, "too old to be told", "channel", d.channel.Name(), "run", p.ID, "age", age.Round(time.Minute))
		return nil
	}
	if p.wait > 0 {
		return bus.Wait(events.CodeDeliveryFailed, min(p.wait, mutePause), fmt.Errorf("%s is mute for %s more", p.route, p.wait))
	}
	key := events.Token(d.channel.Name()) + "." + events.Token(p.ID)
	if p.route != "" {
		key += "." + events.Token(p.route)
	}
	began := time.Now()
	entry, err := d.ledger.begin(ctx, key, p.Event.ID)
	if err != nil {
		return err
	}
	if entry.State == intended {
		if err := d.attempt(ctx, began, key, p, &entry); err != nil {
			return err
		}
	}
	return d.announce(ctx, p, entry)
}

// attempt sends once and notes the result. The error says when to try again. The intention was noted a moment ago; a
// process that was frozen since sends nothing, for another one may have begun.
func (d *Delivery) attempt(ctx context.Context, began time.Time, key string, m part, e *entry) error {
	err := d.send(ctx, began, channel.Message{ID: m.Event.ID, Runs: []channel.Run{m.Run}})
	switch {
	case err == nil:
		return d.ledger.end(ctx, key, e, sent, "", "")
	case ctx.Err() != nil:
		return fmt.Errorf("tell run %s: %w", m.ID, err)
	case errors.Is(err, channel.ErrRefused):
		return d.ledger.end(ctx, key, e, failed, events.CodeChannelRefused, brief(err))
	case e.Attempt >= d.policy.Attempts:
		return d.ledger.end(ctx, key, e, failed, events.CodeDeliveryFailed, brief(err))
	}
	return bus.Wait(events.CodeDeliveryFailed, d.pause(e.Attempt, err), fmt.Errorf("tell run %s: %w", m.ID, err))
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

// announce tells on the bus what became of a message, once.
func (d *Delivery) announce(ctx context.Context, m part, e entry) error {
	n := events.Notification{
		Run: m.ID, Identity: m.Identity, Channel: d.channel.Name(), Route: m.route, Event: m.Event.Type, Attempt: e.Attempt,
		Code: e.Code, Message: e.Message,
	}
	var p events.Payload = events.NotificationSent{Notification: n}
	if e.State == failed {
		p = events.NotificationFailed{Notification: n}
	}
	event, err := events.New(source, m.ID, e.At, p)
	if err != nil {
		return bus.Permanent(events.CodeInternal, err)
	}
	name := d.channel.Name()
	if m.route != "" { // told apart from what other routes tell
		name += " " + m.route
	}
	event.ID += "/" + name
	event.CausationID = m.Event.ID
	if err := d.bus.PublishFact(ctx, m.Identity.ChannelSubject(p.EventType(), m.ID, name), event); err != nil {
		return fmt.Errorf("announce delivery of run %s: %w", m.ID, err)
	}
	return nil
}

func brief(err error) string {
	text := err.Error()
	return strings.ToValidUTF8(text[:min(len(text), maxMessage)], "")
}
