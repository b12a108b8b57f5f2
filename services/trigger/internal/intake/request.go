package intake

import (
	"bytes"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
	"squirrly.dev/services/trigger/internal/target"
)

// request is a message of the inbox, decoded.
type request struct {
	events.ProfileRequested

	run        string
	origin     events.RequestOrigin
	message    bus.Delivery
	permit     target.Permit
	refused    error // it is not acceptable
	unreadable error // nothing can be read there; it is refused too
}

// decode reads a request as far as it can be read.
func decode(m bus.Delivery) request {
	req := request{message: m}
	var wrong error // about the body
	req.permit, req.refused = target.PermitOf(m.Subject)
	body := m.Body
	if len(bytes.TrimSpace(body)) == 0 && req.permit.Limited() {
		body = []byte("{}") // the subject says it all
	}
	req.ProfileRequested, req.origin, wrong = events.DecodeRequest(m.Header, body)
	req.run = req.origin.RunID(m.Header, m.Stream, m.StreamCreated, m.Seq, m.Stored)
	if req.permit.Limited() && lacksTarget(wrong) {
		req.Target, req.refused = req.permit.Target()
		wrong = req.Validate()
	}
	_, readable := errors.AsType[*events.FieldError](wrong)
	if wrong != nil {
		req.Target = shown(req.Target)
	}
	switch {
	case req.refused != nil || wrong == nil:
	case readable:
		req.refused = refusal.New(events.CodeInvalidRequest, "%w", wrong)
	default:
		req.unreadable = wrong
		req.refused = refusal.New(events.CodeUndecodable, "%w", wrong)
	}
	return req
}

// lacksTarget reports whether the only thing found wrong is that there is no target.
func lacksTarget(err error) bool {
	got, ok := errors.AsType[*events.FieldError](err)
	want, _ := errors.AsType[*events.FieldError](events.Target{}.Validate())
	return ok && *got == *want
}

// requester is who asked, as far as that is said.
func (r request) requester() string {
	if r.origin.Source != "" {
		return r.origin.Source
	}
	return "nats"
}

// inBackground reports whether nobody waits for the run.
func (r request) inBackground() bool { return r.message.Subject == events.SubjectBackground }

// id names the request to whoever sent it.
func (r request) id() string {
	switch msgID := r.message.Header.Get(events.HeaderMsgID); {
	case r.origin.ID != "":
		return r.origin.ID
	case msgID != "":
		return msgID
	}
	return r.message.Stream + "/" + strconv.FormatUint(r.message.Seq, 10)
}

// shown is a target as it may be stored and told: one that is not valid may hold credentials.
func shown(t events.Target) events.Target {
	if t.Validate() == nil {
		return t
	}
	for _, name := range []*string{&t.Namespace, &t.Deployment} {
		if strings.ContainsAny(*name, "@:/") {
			*name = ""
		}
	}
	u, err := url.Parse(t.URL)
	if err != nil || u.Host == "" {
		t.URL = ""
		return t
	}
	t.URL = (&url.URL{Scheme: u.Scheme, Host: u.Host}).String()
	return t
}
