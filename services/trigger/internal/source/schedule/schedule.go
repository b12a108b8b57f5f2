// Package schedule asks for a profile at the slots of a policy's schedule: once for each slot and target, however many
// replicas there are and whatever their clocks say. The last slot of each target is remembered; after a time in which no
// replica ran, the last one that was missed is made up, and no other.
package schedule

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"squirrly.dev/services/trigger/internal/fleet"
	"squirrly.dev/services/trigger/internal/policy"
	"squirrly.dev/services/trigger/internal/slots"
	"squirrly.dev/services/trigger/internal/source"
)

// Done is the last slot of one target that was decided about.
type Done struct {
	Policy string    `json:"policy"`
	Target string    `json:"target"` // name
	Slot   time.Time `json:"slot"`
	Run    string    `json:"run,omitempty"`
	Why    string    `json:"why,omitempty"` // it was left out
}

// Gate is where requests go out: *source.Gate.
type Gate interface {
	Ask(ctx context.Context, a source.Ask) (source.Answer, error)
}

// Source is the schedule of all policies. Use [New].
type Source struct {
	gate Gate
	book source.Book[Done]
	log  *slog.Logger

	clocks map[member]*clock // what is already known; it saves reads and decides nothing
}

// New makes the source.
func New(gate Gate, book source.Book[Done], log *slog.Logger) *Source {
	return &Source{gate: gate, book: book, log: log, clocks: map[member]*clock{}}
}

// member is a target with a schedule; a schedule that was read anew is another one.
type member struct {
	policy, target string
	schedule       *slots.Schedule
}

// clock is when a target is due.
type clock struct {
	key    string        // of its record
	offset time.Duration // of the target after each slot
	due    time.Time     // not before
}

// Key is the key of the record of a target. A schedule that was changed begins anew.
func Key(p *policy.Policy, target string) string {
	return "slot." + policy.Token(p.Name, target, p.On.Schedule.String())
}

// Offset is how long after a slot of its policy a target is due.
func Offset(m fleet.Member) time.Duration {
	return m.Policy.On.Schedule.Offset(m.Policy.Name + "\n" + m.Key)
}

// again is when a slot is tried again whose request could not be made.
const again = 10 * time.Second

// Turn asks for every target that is due, and returns when the next one is.
func (s *Source) Turn(ctx context.Context, now time.Time, members []fleet.Member) time.Time {
	var next time.Time
	known := make(map[member]*clock, len(members))
	for _, m := range members {
		if m.Policy.On.Schedule == nil {
			continue
		}
		at := member{m.Policy.Name, m.Key, m.Policy.On.Schedule}
		c := s.clocks[at]
		if c == nil {
			c = &clock{key: Key(m.Policy, m.Key), offset: Offset(m)}
		}
		known[at] = c
		if !now.Before(c.due) {
			s.look(ctx, now, m, c)
		}
		if next.IsZero() || c.due.Before(next) {
			next = c.due
		}
	}
	s.clocks = known
	return next
}

// look decides about the last slot of a target, and sets when to look again.
func (s *Source) look(ctx context.Context, now time.Time, m fleet.Member, c *clock) {
	schedule := m.Policy.On.Schedule
	slot := schedule.Last(now.Add(-c.offset))
	decided, err := s.decide(ctx, now, m, c, slot)
	if err != nil {
		s.log.WarnContext(ctx, "a slot of the schedule is tried again", "policy", m.Policy.Name, "target", m.Target.Name, "slot", slot, "error", err)
		c.due = now.Add(again)
		return
	}
	c.due = schedule.Next(decided).Add(c.offset)
}

var errKnown = errors.New("it is known")

// decide asks for a slot unless it, or a later one, was decided about, and returns the last one that was. A target that
// is seen for the first time begins with its next slot.
func (s *Source) decide(ctx context.Context, now time.Time, m fleet.Member, c *clock, slot time.Time) (time.Time, error) {
	done, err := s.book.Upsert(ctx, c.key, func(d *Done) error {
		if d.Policy != "" {
			return errKnown
		}
		*d = Done{Policy: m.Policy.Name, Target: m.Target.Name, Slot: slot}
		return nil
	})
	if err != nil && !errors.Is(err, errKnown) {
		return slot, err
	}
	if !slot.After(done.Slot) {
		return done.Slot, nil
	}
	now, late := onTime(now, slot.Add(c.offset))
	ask := source.Ask{
		Policy: m.Policy, Target: m.Target, Reason: policy.ReasonSchedule, At: now,
		ID:      "schedule/" + m.Key + "/" + slot.UTC().Format(time.RFC3339),
		Why:     "slot of " + slot.In(m.Policy.Zone).Format("Mon 2006-01-02 15:04 MST") + late,
		Expires: m.Policy.On.Schedule.Next(slot).Add(c.offset),
	}
	answer, err := s.gate.Ask(ctx, ask)
	refused := source.Refused(err)
	if err != nil && refused == nil {
		return slot, err
	}
	done, err = s.book.Upsert(ctx, c.key, func(d *Done) error {
		if !slot.After(d.Slot) {
			return errKnown
		}
		*d = Done{Policy: m.Policy.Name, Target: m.Target.Name, Slot: slot, Run: answer.Run}
		if refused != nil {
			d.Run, d.Why = "", refused.Why
		}
		return nil
	})
	if err != nil && !errors.Is(err, errKnown) {
		return slot, err
	}
	return done.Slot, nil
}

// onTime takes a slot that is asked for a moment late as on time, so that the cooldown counts from slot to slot and not
// from one moment to another.
func onTime(now, due time.Time) (time.Time, string) {
	const moment = 5 * time.Minute
	if now.Sub(due) < moment {
		return due, ""
	}
	return now, ", made up"
}
