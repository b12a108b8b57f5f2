package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
)

const healthPrefix = "health."

// health is whether a channel gets anything through. A change of it is owed to people until another channel has it.
type health struct {
	Down   bool                `json:"down,omitempty"`
	Number int                 `json:"number,omitempty"` // of the change
	At     time.Time           `json:"at,omitzero"`      // of the change
	Owed   bool                `json:"owed,omitempty"`   // nobody has heard of the change yet
	Route  string              `json:"route,omitempty"`  // by which the message went
	Notice events.Notification `json:"notice,omitzero"`  // what was to be told
}

func healthKey(ch string) string { return healthPrefix + events.Token(ch) }

// notePulse notes that a message was taken, or given up, and has another channel tell when that is news: once for each
// time that the channel is down, and once when it is back. It may be called again for the same message.
func (d *Delivery) notePulse(ctx context.Context, n notice, route string, e entry) error {
	if e.State == failed && !e.Gone {
		return nil // of a message that the channel does not want, nothing follows
	}
	key := healthKey(d.channel.Name())
	h, err := d.health.Get(ctx, key)
	if err != nil && !errors.Is(err, bus.ErrNotFound) {
		return fmt.Errorf("look up whether %s works: %w", d.channel.Name(), err)
	}
	if h.Value.Down == (e.State == failed) && !h.Value.Owed {
		return nil
	}
	now, err := d.health.Upsert(ctx, key, func(h *health) error {
		if h.Down == (e.State == failed) || e.At.Before(h.At) {
			return errSame
		}
		h.Down, h.Number, h.At, h.Owed, h.Route = e.State == failed, h.Number+1, e.At, true, route
		h.Notice = events.Notification{
			Run: n.run, Identity: n.identity, Channel: d.channel.Name(), Event: n.kind, Attempt: e.Attempt, Code: e.Code, Message: e.Message,
		}
		return nil
	})
	if err != nil && !errors.Is(err, errSame) {
		return fmt.Errorf("note whether %s works: %w", d.channel.Name(), err)
	}
	if !now.Owed {
		return nil
	}
	return d.pay(ctx, key, now)
}

// pay hands a change of the channel's health to another channel.
func (d *Delivery) pay(ctx context.Context, key string, h health) error {
	to, err := d.another(ctx, h.Route)
	if err != nil {
		return err
	}
	if to == "" {
		d.log.ErrorContext(ctx, "no other channel can tell whether this one works", "channel", d.channel.Name(), "down", h.Down, "why", h.Notice.Message)
	} else {
		m := member{
			ID: fmt.Sprintf("%s/%s/%d", source, key, h.Number), Run: h.Notice.Run, Identity: h.Notice.Identity, Report: &h.Notice, At: h.At,
		}
		_, err := d.groups.Upsert(ctx, groupKey(to, key, nil), func(g *group) error {
			if !g.join(m, 0, 0, time.Now().UTC()) {
				return errSame
			}
			return nil
		})
		if err != nil && !errors.Is(err, errSame) {
			return fmt.Errorf("report that %s is down or up: %w", d.channel.Name(), err)
		}
	}
	_, err = d.health.Update(ctx, key, func(x *health) error {
		if x.Number != h.Number || !x.Owed {
			return errSame
		}
		x.Owed = false
		return nil
	})
	if err != nil && !errors.Is(err, errSame) {
		return fmt.Errorf("note that it is known whether %s works: %w", d.channel.Name(), err)
	}
	return nil
}

// another is a channel that works: of the same route, else of the root.
func (d *Delivery) another(ctx context.Context, path string) (string, error) {
	cfg := d.routes.Config()
	var all []string
	if r := cfg.Find(path); r != nil {
		all = r.Channels
	}
	for _, name := range slices.Concat(all, cfg.Root.Channels) {
		if name == d.channel.Name() {
			continue
		}
		h, err := d.health.Get(ctx, healthKey(name))
		if err != nil && !errors.Is(err, bus.ErrNotFound) {
			return "", fmt.Errorf("look up whether %s works: %w", name, err)
		}
		if !h.Value.Down {
			return name, nil
		}
	}
	return "", nil
}

// report is the message about a channel.
func report(m member) (channel.Run, error) {
	n := *m.Report
	var p events.Payload = events.NotificationSent{Notification: n}
	o := events.Outcome{Run: n.Run, Identity: n.Identity, Message: "The channel " + n.Channel + " takes messages again."}
	if n.Code != "" {
		p = events.NotificationFailed{Notification: n}
		o.Code, o.Message = n.Code, "The channel "+n.Channel+" takes no messages: "+n.Message
		o.Hint = "Mend the channel, and try it with `squirrly notify test " + n.Channel + "`. What it missed is not told again."
	}
	e, err := events.New(source, m.Run, m.At, p)
	if err != nil {
		return channel.Run{}, fmt.Errorf("report on a channel: %w", err)
	}
	e.ID = m.ID
	return channel.Run{Event: e, ID: m.Run, Identity: m.Identity, Outcome: &o, Channel: n.Channel}, nil
}
