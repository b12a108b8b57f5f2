package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
)

// DecodeEvent reads a fact: a structured CloudEvent. Unknown attributes are ignored, missing ones refused.
func DecodeEvent(body []byte) (Event, error) {
	if len(body) > MaxEventBytes {
		return Event{}, field("event", "at most 64 KiB", "")
	}
	var e Event
	if err := json.Unmarshal(body, &e); err != nil {
		return Event{}, jsonError("event", err)
	}
	return e, e.Validate()
}

// Data decodes and validates the payload of an event. Unknown fields are ignored, so that an older service can read
// a newer event.
func Data[T Payload](e Event) (T, error) {
	var p T
	if want := p.EventType(); e.Type != want {
		return p, field("type", string(want), string(e.Type))
	}
	if len(e.Data) == 0 {
		return p, field("data", "an object", "")
	}
	if err := json.Unmarshal(e.Data, &p); err != nil {
		return p, within("data", jsonError("data", err))
	}
	return p, within("data", p.Validate())
}

// Header is the header of a message as NATS and HTTP libraries hold it. Names are compared without regard to case.
type Header map[string][]string

// Get returns the first value of a header, whatever the case of its name.
func (h Header) Get(name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	for k, v := range h {
		if len(v) > 0 && strings.EqualFold(k, name) {
			return v[0]
		}
	}
	return ""
}

// RequestOrigin is how a request identified itself.
type RequestOrigin struct {
	Source      string // CloudEvents source; empty for plain JSON
	ID          string // CloudEvents id; empty for plain JSON
	TraceParent string
}

// RunID derives the run id of a request, so that the same request is the same run however often it is delivered.
func (o RequestOrigin) RunID(h Header, stream string, streamCreated time.Time, seq uint64, stored time.Time) string {
	if o.ID != "" {
		return RunIDFromEvent(o.Source, o.ID)
	}
	if id := h.Get(HeaderMsgID); id != "" {
		return RunIDFromMsgID(id, stored)
	}
	return RunIDFromSequence(stream, streamCreated, seq)
}

// DecodeRequest reads a request from the inbox: a CloudEvent in structured or binary mode, or plain JSON.
func DecodeRequest(h Header, body []byte) (ProfileRequested, RequestOrigin, error) {
	var r ProfileRequested
	origin, data, err := unwrap(h, body, TypeProfileRequested)
	if err != nil {
		return r, origin, err
	}
	if err := strict(data, "request", &r); err != nil {
		return r, origin, err
	}
	r.Target = r.Target.Canonical()
	if err := checkScope(data); err != nil {
		return r, origin, err
	}
	return r, origin, r.Validate()
}

// DecodeCancel reads a request to end a run. The run is named by the subject; an empty body is fine.
func DecodeCancel(h Header, subject string, body []byte) (RunCancel, error) {
	run := strings.TrimPrefix(subject, SubjectCancel)
	c := RunCancel{Run: run}
	if len(bytes.TrimSpace(body)) == 0 {
		return c, c.Validate()
	}
	_, data, err := unwrap(h, body, TypeRunCancel)
	if err != nil {
		return c, err
	}
	if len(data) > 0 {
		if err := strict(data, "cancel request", &c); err != nil {
			return c, err
		}
	}
	if c.Run != run {
		return c, field("run", "the run of the subject, "+run, c.Run)
	}
	return c, c.Validate()
}

// unwrap takes the data out of whichever of the three forms the message has.
func unwrap(h Header, body []byte, want Type) (RequestOrigin, []byte, error) {
	if len(body) > MaxEventBytes {
		return RequestOrigin{}, nil, field("request", "at most 64 KiB", "")
	}
	if h.Get("ce-specversion") != "" {
		return unwrapBinary(h, body, want)
	}
	mediaType := strings.ToLower(h.Get(HeaderContentType))
	if strings.HasPrefix(mediaType, "application/cloudevents") || hasSpecVersion(body) {
		return unwrapStructured(body, want)
	}
	return RequestOrigin{TraceParent: h.Get(HeaderTraceParent)}, body, nil
}

// hasSpecVersion sniffs a structured event that was sent without its content type.
func hasSpecVersion(body []byte) bool {
	var probe struct {
		SpecVersion *json.RawMessage `json:"specversion"`
	}
	return json.Unmarshal(body, &probe) == nil && probe.SpecVersion != nil
}

func unwrapStructured(body []byte, want Type) (RequestOrigin, []byte, error) {
	e, err := DecodeEvent(body)
	origin := RequestOrigin{Source: e.Source, ID: e.ID, TraceParent: e.TraceParent}
	switch {
	case err != nil:
		return origin, nil, err
	case e.Type != want:
		return origin, nil, field("type", string(want), string(e.Type))
	case len(e.Data) == 0 && want != TypeRunCancel:
		return origin, nil, field("data", "an object", "")
	}
	return origin, e.Data, nil
}

func unwrapBinary(h Header, body []byte, want Type) (RequestOrigin, []byte, error) {
	e := Event{
		SpecVersion: ceHeader(h, "specversion"),
		ID:          ceHeader(h, "id"),
		Source:      ceHeader(h, "source"),
		Type:        Type(ceHeader(h, "type")),
		TraceParent: h.Get(HeaderTraceParent),
	}
	if tp := ceHeader(h, "traceparent"); tp != "" {
		e.TraceParent = tp
	}
	origin := RequestOrigin{Source: e.Source, ID: e.ID, TraceParent: e.TraceParent}
	if err := e.Validate(); err != nil {
		return origin, nil, err
	}
	if e.Type != want {
		return origin, nil, field("type", string(want), string(e.Type))
	}
	return origin, body, nil
}

// ceHeader reads an attribute of a binary-mode event; values are percent-encoded.
func ceHeader(h Header, attribute string) string {
	v := h.Get("ce-" + attribute)
	if decoded, err := url.PathUnescape(v); err == nil {
		return decoded
	}
	return v
}

// strict decodes one JSON value and refuses unknown fields and anything after the value.
func strict(body []byte, what string, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return jsonError(what, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("decode %s: text after the JSON value", what)
	}
	return nil
}
