// Package channel holds the ways in which people and systems are told how a run ended. A channel takes one message and
// says whether it got through; when to try again, and what was told already, does not belong here.
package channel

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"squirrly.dev/pkg/events"
)

// Channel delivers messages. A nil error means that the message was taken. The error may be [ErrRefused], or a
// [*RetryAfter]; its text holds no secret, since it becomes part of an event. Send is called by several goroutines.
type Channel interface {
	Name() string
	Send(ctx context.Context, m Message) error
}

// Names are those of all channels.
func Names() []string { return []string{nameLog, nameWebhook, nameSubject} }

const (
	nameLog     = "log"
	nameWebhook = "webhook"
	nameSubject = "nats"
)

// Message is the end of a run: a result, or why there is none.
type Message struct {
	Event    events.Event
	Run      string
	Identity events.Identity
	Ready    *events.RecommendationReady // of recommendation.ready
	Outcome  *events.Outcome             // of run.rejected, run.failed and run.cancelled
}

// Read decodes the event that tells the end of a run.
func Read(e events.Event) (Message, error) {
	m := Message{Event: e}
	if e.Type == events.TypeRecommendationReady {
		r, err := events.Data[events.RecommendationReady](e)
		m.Ready, m.Run, m.Identity = &r, r.Run, r.Identity
		return m, err
	}
	o, err := outcome(e)
	m.Outcome, m.Run, m.Identity = &o, o.Run, o.Identity
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

// WithoutReadings is the message without what a model says in its own words. The event keeps its id and everything else,
// fields of later versions included.
func (m Message) WithoutReadings() (Message, error) {
	if m.Ready == nil || len(m.Ready.Readings) == 0 {
		return m, nil
	}
	ready := *m.Ready
	ready.Readings = nil
	m.Ready = &ready
	var data map[string]json.RawMessage
	if err := json.Unmarshal(m.Event.Data, &data); err != nil {
		return m, fmt.Errorf("leave out readings of run %s: %w", m.Run, err)
	}
	maps.DeleteFunc(data, func(key string, _ json.RawMessage) bool { return strings.EqualFold(key, "readings") })
	body, err := json.Marshal(data)
	if err != nil {
		return m, fmt.Errorf("leave out readings of run %s: %w", m.Run, err)
	}
	m.Event.Data = body
	return m, nil
}

// Severity of a result; empty when there is none.
func (m Message) Severity() events.Severity {
	if m.Ready == nil {
		return ""
	}
	return m.Ready.Severity
}
