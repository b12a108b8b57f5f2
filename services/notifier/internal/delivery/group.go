package delivery

import (
	"slices"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/finding"
)

const (
	mostRuns    = 50  // in one message; more are told before their time
	mostSteps   = 300 // changes in one message, the same
	mostWaiting = 200 // runs that wait while a message is told; more stay in the stream of events
	mostRecent  = 200 // of what was told that is known to be told
	mostOpen    = 200 // findings that a group tells again
)

// group is what belongs together in one message of a channel: what waits to be told, what is being told, and what was told
// and is still open. It is changed by compare-and-set alone, so that any number of notifiers tells it once, and whoever
// comes after a notifier that died goes on with the same message.
type group struct {
	Route   string        `json:"route,omitempty"`
	Labels  []string      `json:"labels,omitempty"` // NAME=VALUE, for people who read the bucket
	Waiting []member      `json:"waiting,omitempty"`
	Due     time.Time     `json:"due,omitzero"`      // of what waits
	Number  int           `json:"number,omitempty"`  // of the message that is told, or was last
	Sending []member      `json:"sending,omitempty"` // is told, since it was taken out of Waiting
	Attempt int           `json:"attempt,omitempty"`
	Next    time.Time     `json:"next,omitzero"`    // before that the attempt is another notifier's, or pauses
	Told    time.Time     `json:"told,omitzero"`    // when a message was taken last
	Recent  []string      `json:"recent,omitempty"` // ids of members that are over, the oldest first
	Open    []openFinding `json:"open,omitempty"`   // told, and neither resolved nor dismissed since
	Again   time.Duration `json:"again,omitempty"`  // until those are told again; 0 is never
}

// member is one run in a message, or what it changes as far as it belongs there.
type member struct {
	ID       string               `json:"id"`             // of the event that the channel tells
	Type     events.Type          `json:"type,omitempty"` // of the event of the run; empty for a report
	Run      string               `json:"run"`
	Identity events.Identity      `json:"identity"`
	Steps    []finding.Step       `json:"steps,omitempty"`
	Reminds  bool                 `json:"reminds,omitempty"`
	Again    events.Code          `json:"again,omitempty"`  // why the runs before it failed
	Report   *events.Notification `json:"report,omitempty"` // of a channel that is down, or up again
	At       time.Time            `json:"at,omitzero"`      // of the report
}

type openFinding struct {
	Identity events.Identity `json:"identity"`
	ID       string          `json:"id"`
}

// join takes a member, unless the group has it already. It waits as long as the group does, and no longer than the room.
func (g *group) join(m member, wait, interval time.Duration, now time.Time) bool {
	has := func(all []member) bool { return slices.ContainsFunc(all, func(x member) bool { return x.ID == m.ID }) }
	if has(g.Waiting) || has(g.Sending) || slices.Contains(g.Recent, m.ID) {
		return false
	}
	if len(g.Waiting) == 0 {
		g.Due = now.Add(wait)
		if next := g.Told.Add(interval); !g.Told.IsZero() && next.After(g.Due) {
			g.Due = next
		}
	}
	if g.Waiting = append(g.Waiting, m); g.room() < len(g.Waiting) || len(g.Waiting) == mostRuns {
		g.Due = now
	}
	return true
}

// room is how many of those that wait are told together.
func (g *group) room() int {
	steps := 0
	for i, m := range g.Waiting {
		if steps += len(m.Steps); i == mostRuns || i > 0 && steps > mostSteps {
			return i
		}
	}
	return len(g.Waiting)
}

// full reports whether whatever is new has to stay in the stream.
func (g *group) full() bool {
	steps := 0
	for _, m := range g.Waiting {
		steps += len(m.Steps)
	}
	return len(g.Waiting) >= mostWaiting || steps > 2*mostSteps
}

// at is when the group has something to do next; zero is never.
func (g *group) at() time.Time {
	switch {
	case len(g.Sending) > 0:
		return g.Next
	case len(g.Waiting) > 0:
		return g.Due
	case len(g.Open) > 0 && g.Again > 0:
		return g.Told.Add(g.Again)
	}
	return time.Time{}
}

// due reports whether that is now.
func (g *group) due(now time.Time) bool {
	at := g.at()
	return !at.IsZero() && !now.Before(at)
}

// begin takes what is due for one attempt, which is the caller's for a while. Without anything that waits it is a
// reminder, if there is one.
func (g *group) begin(reminder []member, until time.Time) {
	if len(g.Sending) == 0 {
		n := g.room()
		g.Sending, g.Waiting, g.Attempt = g.Waiting[:n:n], g.Waiting[n:], 0
		if n == 0 {
			g.Sending = reminder
		}
		g.Number++
	}
	g.Attempt++
	g.Next = until
}

// postpone is for a route that is mute, or an attempt that failed.
func (g *group) postpone(until time.Time) {
	if len(g.Sending) > 0 {
		g.Next = until
		return
	}
	if len(g.Waiting) > 0 {
		g.Due = until
		return
	}
	g.Told = until.Add(-g.Again)
}

// end notes that a message was taken, or given up.
func (g *group) end(taken bool, now time.Time) {
	for _, m := range g.Sending {
		g.Recent = append(g.Recent, m.ID)
		if taken {
			g.follow(m)
		}
	}
	g.Recent = g.Recent[max(0, len(g.Recent)-mostRecent):]
	g.Sending, g.Attempt, g.Next, g.Told = nil, 0, time.Time{}, now
}

// follow notes which findings are open by what was told.
func (g *group) follow(m member) {
	for _, s := range m.Steps {
		f := openFinding{m.Identity, s.ID}
		g.Open = slices.DeleteFunc(g.Open, func(x openFinding) bool { return x == f })
		if s.State == events.LifeStateOpen && g.Again > 0 {
			g.Open = append(g.Open, f)
		}
	}
	g.Open = g.Open[max(0, len(g.Open)-mostOpen):]
}
