package delivery

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"squirrly.dev/internal/bus"
)

const lookAgain = 5 * time.Second // for a bucket that is not there, or a group that could not be told

// Follow tells groups when they are due, every so often, until ctx ends: what waits, what failed before, and what is still
// open. Any number of notifiers may do so.
func (d *Delivery) Follow(ctx context.Context, every time.Duration) {
	for ctx.Err() == nil {
		changed, err := d.groups.Watch(ctx, groupKeys(d.channel.Name())+"*")
		if err == nil {
			d.follow(ctx, changed, every)
		} else {
			d.log.WarnContext(ctx, "groups cannot be followed", "channel", d.channel.Name(), "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(lookAgain):
		}
	}
}

// follow keeps in mind when each group is due.
func (d *Delivery) follow(ctx context.Context, changed <-chan bus.Entry[group], every time.Duration) {
	due := map[string]time.Time{}
	note := func(key string, at time.Time) {
		if due[key] = at; at.IsZero() {
			delete(due, key)
		}
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case e, open := <-changed:
			if !open {
				return
			}
			note(e.Key, e.Value.at())
		case now := <-tick.C:
			for key, at := range d.flushAll(ctx, due, now) {
				note(key, at)
			}
		}
	}
}

// flushAll tells the groups that are due, some at a time, and returns when each is due again.
func (d *Delivery) flushAll(ctx context.Context, due map[string]time.Time, now time.Time) map[string]time.Time {
	const together = 4
	type next struct {
		key string
		at  time.Time
	}
	results := make(chan next, len(due))
	var g errgroup.Group
	g.SetLimit(together)
	for key, at := range due {
		if now.Before(at) {
			continue
		}
		g.Go(func() error {
			x, err := d.flush(ctx, key)
			at := x.at()
			if err != nil && ctx.Err() == nil {
				d.log.WarnContext(ctx, "tell a group", "channel", d.channel.Name(), "group", key, "error", err)
				if soonest := now.Add(lookAgain); at.Before(soonest) {
					at = soonest
				}
			}
			results <- next{key, at}
			return nil
		})
	}
	_ = g.Wait() // the log has what failed
	close(results)
	all := map[string]time.Time{}
	for r := range results {
		all[r.key] = r.at
	}
	return all
}
