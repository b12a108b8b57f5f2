package events

import (
	"encoding/json"
	"fmt"
	"time"
)

// ContentType is the NATS and HTTP content type of an [Event] in structured mode.
const ContentType = "application/cloudevents+json"

// SpecVersion is the CloudEvents version written and accepted.
const SpecVersion = "1.0"

// MaxEventBytes bounds one event on the wire. Larger data is stored and referred to by key.
const MaxEventBytes = 64 << 10

// Header names of NATS messages. NATS compares header names case-sensitively, so these are the exact spellings.
const (
	HeaderContentType = "Content-Type"
	HeaderMsgID       = "Nats-Msg-Id"
	HeaderTraceParent = "traceparent"
	HeaderTraceState  = "tracestate"
	HeaderRun         = "Squirrly-Run"
	HeaderSeverity    = "Squirrly-Severity"
	HeaderOrigPrefix  = "Squirrly-Orig-"
	HeaderReason      = "Squirrly-Reason"
	HeaderError       = "Squirrly-Error"
	HeaderOrigSubject = "Squirrly-Orig-Subject"
)

// Event is the CloudEvents 1.0 envelope in structured JSON mode. Unknown attributes are ignored.
type Event struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            Type            `json:"type"`
	Subject         string          `json:"subject,omitempty"`
	Time            time.Time       `json:"time,omitzero"`
	DataContentType string          `json:"datacontenttype,omitempty"`
	DataSchema      string          `json:"dataschema,omitempty"` // URI of the published schema of Data; written where an event leaves Squirrly
	RunID           string          `json:"runid,omitempty"`
	CausationID     string          `json:"causationid,omitempty"` // id of the event that led to this one
	TraceParent     string          `json:"traceparent,omitempty"` // W3C trace context of the original producer
	Data            json.RawMessage `json:"data,omitempty"`
}

// Payload is implemented by the data of every event type of this package.
type Payload interface {
	// EventType names the event that carries this payload.
	EventType() Type
	// Validate reports the first field that breaks the contract, as a [*FieldError].
	Validate() error
}

// New wraps a payload into an envelope. The event's id is deterministic (<run>/<type>, and of a change of a finding
// <run>/<type>/<finding>-<number>), so that a step which is done twice produces the same event; source is the producing service, for example "squirrly/collector".
func New(source, run string, at time.Time, p Payload) (Event, error) {
	if err := p.Validate(); err != nil {
		return Event{}, err
	}
	data, err := json.Marshal(p)
	if err != nil {
		return Event{}, fmt.Errorf("encode %s: %w", p.EventType(), err)
	}
	id := run + "/" + string(p.EventType())
	if part, ok := p.(interface{ part() string }); ok {
		id += "/" + part.part()
	}
	return Event{
		SpecVersion:     SpecVersion,
		ID:              id,
		Source:          source,
		Type:            p.EventType(),
		Time:            at.UTC(),
		DataContentType: "application/json",
		RunID:           run,
		Data:            data,
	}, nil
}

// Encode renders the envelope as structured JSON.
func (e Event) Encode() ([]byte, error) {
	b, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode event %s: %w", e.ID, err)
	}
	if len(b) > MaxEventBytes {
		return nil, fmt.Errorf("event %s has %d bytes, the limit is %d", e.ID, len(b), MaxEventBytes)
	}
	return b, nil
}

// Validate checks the attributes that CloudEvents requires.
func (e Event) Validate() error {
	switch {
	case e.SpecVersion != SpecVersion:
		return field("specversion", `"1.0"`, e.SpecVersion)
	case e.ID == "":
		return field("id", "a non-empty string", "")
	case e.Source == "":
		return field("source", "a non-empty string", "")
	case e.Type == "":
		return field("type", "an event type", "")
	}
	return nil
}
