package delivery

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
)

const groupPrefix = "group."

// groups of one channel.
func groupKeys(ch string) string { return groupPrefix + events.Token(ch) + "." }

// groupKey is that of the group of a channel that a route makes of some labels.
func groupKey(ch, route string, labels []string) string {
	sum := sha256.Sum256([]byte(route + "\n" + strings.Join(labels, "\n")))
	return groupKeys(ch) + hex.EncodeToString(sum[:16])
}

func written(set map[string]string) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(set)) {
		all = append(all, name+"="+set[name])
	}
	return all
}

// id is that of the message that is told. It is no other's, even if the bucket was lost and numbers begin anew.
func (g *group) id(key string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%s", key, g.Number, g.Sending[0].ID))
	return hex.EncodeToString(sum[:16])
}

var (
	errSame = errors.New("nothing changes")
	errFull = errors.New("too much waits in its group already")
)

// enter stores a part in its group, and tells the group if it is due. Only the first needs to succeed: whatever becomes
// of the rest, [Delivery.Follow] goes on with it.
func (d *Delivery) enter(ctx context.Context, p part) error {
	g := p.route.Group
	key := groupKey(d.channel.Name(), p.route.Path, p.labels)
	m := member{ID: p.Event.ID, Type: p.Event.Type, Run: p.ID, Identity: p.Identity, Steps: steps(p.Changes), Again: p.Recovered}
	_, err := d.groups.Upsert(ctx, key, func(x *group) error {
		x.Route, x.Labels, x.Again = p.route.Path, p.labels, g.Repeat
		if x.full() {
			return errFull
		}
		if !x.join(m, g.Wait, g.Interval, time.Now().UTC()) {
			return errSame
		}
		return nil
	})
	if errors.Is(err, errFull) {
		return bus.Wait(events.CodeDeliveryFailed, maxBackoff, fmt.Errorf("keep what is to be told of run %s: %w", p.ID, err))
	}
	if err != nil && !errors.Is(err, errSame) {
		return fmt.Errorf("keep what is to be told of run %s: %w", p.ID, err)
	}
	if _, err := d.flush(ctx, key); err != nil {
		d.log.WarnContext(ctx, "tell a group", "channel", d.channel.Name(), "group", key, "error", err)
	}
	return nil
}

// flush tells what is due of a group, and returns the group as it is then.
func (d *Delivery) flush(ctx context.Context, key string) (group, error) {
	began := time.Now().UTC()
	e, err := d.groups.Get(ctx, key)
	if errors.Is(err, bus.ErrNotFound) {
		return group{}, nil // with its bucket
	}
	if err != nil || !e.Value.due(began) {
		return e.Value, err
	}
	var again []member
	if len(e.Value.Sending)+len(e.Value.Waiting) == 0 {
		if again, err = d.reminder(ctx, key, &e.Value, began); err != nil {
			return e.Value, err
		}
	}
	mine := false
	g, err := d.groups.Update(ctx, key, func(g *group) error {
		if mine = false; !g.due(began) {
			return errSame
		}
		mine = d.begin(g, again, began)
		return nil
	})
	if errors.Is(err, errSame) {
		return g, nil
	}
	if err != nil || !mine {
		return g, err
	}
	return d.tell(ctx, key, g, began)
}

// begin makes the next attempt the caller's, unless its route is mute or nothing is left of it.
func (d *Delivery) begin(g *group, again []member, now time.Time) bool {
	cfg := d.routes.Config()
	if r := cfg.Find(g.Route); r != nil {
		g.Again = r.Group.Repeat
		if mute := cfg.Mute(r, now); mute > 0 {
			g.postpone(now.Add(min(mute, d.policy.Look)))
			return false
		}
	}
	if len(g.Sending)+len(g.Waiting)+len(again) == 0 {
		g.Open = nil // all of it is over
		return false
	}
	g.begin(again, now.Add(d.policy.Lease))
	return true
}

// tell sends the message of a group once, and notes what became of it.
func (d *Delivery) tell(ctx context.Context, key string, g group, began time.Time) (group, error) {
	runs, err := d.load(ctx, g.Sending, began)
	if err != nil {
		return g, err // it is tried again when the attempt is nobody's any more
	}
	if len(runs) > 0 {
		err = d.send(ctx, began, channel.Message{ID: g.id(key), Runs: runs})
	}
	if ctx.Err() != nil {
		return g, err
	}
	o := d.outcome(g.Attempt, err)
	told, kept := d.groups.Update(ctx, key, func(x *group) error {
		if x.Number != g.Number || x.Attempt != g.Attempt {
			return errOther
		}
		if o.state == intended {
			x.postpone(began.Add(o.pause))
		} else {
			x.end(o.state == sent, time.Now().UTC())
		}
		return nil
	})
	if kept != nil {
		return g, fmt.Errorf("note what was told: %w", kept)
	}
	if o.state == intended || len(runs) == 0 {
		return told, err
	}
	return told, d.announceAll(ctx, key, g, entry{
		State: o.state, Attempt: g.Attempt, At: told.Told, Code: o.code, Message: o.message, Gone: o.gone,
	})
}

// announceAll tells on the bus what became of each run of a message.
func (d *Delivery) announceAll(ctx context.Context, key string, g group, e entry) error {
	var first error
	for _, m := range g.Sending {
		if m.Report != nil {
			continue // a message about messages makes no message
		}
		n := notice{m.Run, m.Identity, m.Type, m.ID, g.Route, fmt.Sprintf("%s %s %d", d.channel.Name(), strings.TrimPrefix(key, groupPrefix), g.Number)}
		first = cmp.Or(first, d.announce(ctx, n, e), d.notePulse(ctx, n, g.Route, e))
	}
	return first //nolint:wrapcheck // it says what it does.
}
