package channel

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"squirrly.dev/pkg/events"
)

// Message is what is sent at a time: the ends of runs that belong together, the oldest first.
type Message struct {
	ID   string // the same at each attempt
	Runs []Run  // at least one
}

// eventID is the idempotency key of a run in the message: the id of its event, if that is the message. A run whose changes
// are told in parts, or again as a reminder, is told by several messages, none of which a receiver may take for another.
func (m Message) eventID(r Run) string {
	if m.ID == r.Event.ID || m.ID == "" {
		return r.Event.ID
	}
	return m.ID + "/" + r.Event.ID
}

// Run is the end of a run: a result with what it changes, or why there is none.
type Run struct {
	Event     events.Event
	ID        string
	Identity  events.Identity
	Ready     *events.RecommendationReady // of recommendation.ready
	Outcome   *events.Outcome             // of run.rejected, run.failed and run.cancelled
	Changes   []Change                    // what is told of findings, most important first; none of an outcome
	Recovered events.Code                 // why the runs before failed, of the first that succeeded since; empty: they did not
	Channel   string                      // that takes no messages, or takes them again, when the message is about that: then Outcome says so, and Event is a notification's
}

// Change is what became of a finding.
type Change struct {
	events.FindingChanged

	Kind    events.LifeChange
	Reminds bool                   // nothing changed since it was last told; Kind is what was told then
	Finding *events.FindingExcerpt // as the run has it; nil when it has not, or when there was no room for it
	Ref     string                 // what the channel noted of this finding before, see [Receipt]
	Dismiss string                 // the command by which a reader says that he wants to hear of it no more
}

// down reports whether a message about a channel says that it takes none.
func (m Run) down() bool { return m.Channel != "" && m.Event.Type == events.TypeNotificationFailed }

// Read decodes the event that tells the end of a run.
func Read(e events.Event) (Run, error) {
	m := Run{Event: e}
	if e.Type == events.TypeRecommendationReady {
		r, err := events.Data[events.RecommendationReady](e)
		m.Ready, m.ID, m.Identity = &r, r.Run, r.Identity
		return m, err
	}
	o, err := outcome(e)
	m.Outcome, m.ID, m.Identity = &o, o.Run, o.Identity
	return m, err
}

func outcome(e events.Event) (events.Outcome, error) {
	switch e.Type { //nolint:exhaustive // the other types do not end a run.
	case events.TypeRunRejected:
		p, err := events.Data[events.RunRejected](e)
		return p.Outcome, err
	case events.TypeRunFailed:
		p, err := events.Data[events.RunFailed](e)
		return p.Outcome, err
	case events.TypeRunCancelled:
		p, err := events.Data[events.RunCancelled](e)
		return p.Outcome, err
	}
	return events.Outcome{}, fmt.Errorf("event %s does not end a run", e.Type)
}

// WithoutReadings is the run without what a model says in its own words. The event keeps its id and everything else,
// fields of later versions included.
func (m Run) WithoutReadings() (Run, error) {
	if m.Ready == nil || len(m.Ready.Readings) == 0 {
		return m, nil
	}
	ready := *m.Ready
	ready.Readings = nil
	m.Ready = &ready
	var data map[string]json.RawMessage
	if err := json.Unmarshal(m.Event.Data, &data); err != nil {
		return m, fmt.Errorf("leave out readings of run %s: %w", m.ID, err)
	}
	maps.DeleteFunc(data, func(key string, _ json.RawMessage) bool { return strings.EqualFold(key, "readings") })
	body, err := json.Marshal(data)
	if err != nil {
		return m, fmt.Errorf("leave out readings of run %s: %w", m.ID, err)
	}
	m.Event.Data = body
	return m, nil
}

// Severity of a result; empty when there is none.
func (m Run) Severity() events.Severity {
	if m.Ready == nil {
		return ""
	}
	return m.Ready.Severity
}
