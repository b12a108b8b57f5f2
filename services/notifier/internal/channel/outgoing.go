package channel

import (
	"encoding/json"
	"fmt"

	"squirrly.dev/pkg/events"
)

// outgoing is the event of a run as programs outside get it: by the idempotency key of the message, with the job as its subject, with the schema of its data, and
// with what the run changes, as far as there is room. Everything else stays as it is, fields of later versions included.
func outgoing(r Run, id string) ([]byte, error) {
	e := r.Event
	if e.ID != id {
		e.ID, e.CausationID = id, e.ID
	}
	e.Subject = r.Identity.String()
	if e.Type.Known() {
		e.DataSchema = e.Type.Schema()
	}
	told := make([]events.FindingTold, len(r.Changes))
	for i, c := range r.Changes {
		told[i] = events.FindingTold{FindingChanged: c.FindingChanged, Change: c.Kind, Reminds: c.Reminds, Dismiss: c.Dismiss}
	}
	for ; len(told) > 0; told = told[:len(told)-1] {
		data, err := withChanges(r.Event.Data, told, len(told) < len(r.Changes))
		if err != nil {
			return nil, fmt.Errorf("write what run %s changes: %w", r.ID, err)
		}
		e.Data = data
		if body, err := e.Encode(); err == nil {
			return body, nil
		}
	}
	e.Data = r.Event.Data
	body, err := e.Encode()
	if err != nil { // no room for subject and schema either
		return r.Event.Encode()
	}
	return body, nil
}

// withChanges adds what is told to the data of an event; cut says that it is not all.
func withChanges(data []byte, told []events.FindingTold, cut bool) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, fmt.Errorf("read the event: %w", err)
	}
	changes, err := json.Marshal(told)
	if err != nil {
		return nil, fmt.Errorf("write the changes: %w", err)
	}
	fields["changes"] = changes
	if cut {
		fields["truncated"] = json.RawMessage("true")
	}
	b, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("write the event: %w", err)
	}
	return b, nil
}
