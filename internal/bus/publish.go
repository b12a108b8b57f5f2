package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

// PublishFact stores a fact about a run, once: its subject holds the run id, so a second message on it is refused by
// the server, inside and after the duplicate window, and that counts as success.
func (b *Bus) PublishFact(ctx context.Context, subject string, e events.Event) error {
	body, err := e.Encode()
	if err != nil {
		return fmt.Errorf("publish %s: %w", e.Type, err)
	}
	msg := &nats.Msg{Subject: subject, Data: body, Header: nats.Header{
		events.HeaderContentType: {events.ContentType},
		events.HeaderRun:         {e.RunID},
	}}
	if s := severityOf(e); s != "" {
		msg.Header[events.HeaderSeverity] = []string{string(s)}
	}
	inject(ctx, msg.Header)
	_, err = b.js.PublishMsg(ctx, msg,
		jetstream.WithMsgID(e.ID), jetstream.WithExpectStream(events.StreamEvents),
		jetstream.WithExpectLastSequencePerSubject(0))
	var api *jetstream.APIError
	if errors.As(err, &api) && api.ErrorCode == errCodeWrongLast {
		return nil
	}
	if err != nil {
		return fmt.Errorf("publish %s of run %s: %w", e.Type, e.RunID, err)
	}
	return nil
}

// severityOf is the severity of a result, which subscribers filter by without reading the body.
func severityOf(e events.Event) events.Severity {
	if e.Type != events.TypeRecommendationReady {
		return ""
	}
	var graded struct {
		Severity events.Severity `json:"severity"`
	}
	if err := json.Unmarshal(e.Data, &graded); err != nil {
		return "" // Validate has said so before
	}
	return graded.Severity
}

// Forward publishes any message on a subject of other people's, outside the streams of this project.
func (b *Bus) Forward(ctx context.Context, subject string, header map[string]string, body []byte) error {
	msg := &nats.Msg{Subject: subject, Data: body, Header: nats.Header{}}
	for k, v := range header {
		msg.Header[k] = []string{v}
	}
	inject(ctx, msg.Header)
	if err := b.nc.PublishMsg(msg); err != nil {
		return fmt.Errorf("publish to %s: %w", subject, err)
	}
	if err := b.nc.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("publish to %s: %w", subject, err)
	}
	return nil
}

// Request puts a request into the inbox and waits until it is stored. The message id makes a repeated call the same
// request; with a CloudEvent the id of the event does that already.
func (b *Bus) Request(ctx context.Context, subject, msgID, contentType string, body []byte) error {
	h := nats.Header{}
	if contentType != "" {
		h[events.HeaderContentType] = []string{contentType}
	}
	return b.publish(ctx, subject, msgID, body, h)
}

// Cancel asks for the end of a run.
func (b *Bus) Cancel(ctx context.Context, run string) error {
	return b.publish(ctx, events.SubjectCancel+events.Token(run), "", nil, nats.Header{})
}

// Resume tells a service to take a run up again. It is for that service only.
func (b *Bus) Resume(ctx context.Context, service, run string) error {
	return b.publish(ctx, events.ResumeSubject(service, run), "", nil, nats.Header{events.HeaderRun: {run}})
}

func (b *Bus) publish(ctx context.Context, subject, msgID string, body []byte, h nats.Header) error {
	inject(ctx, h)
	var opts []jetstream.PublishOpt
	if msgID != "" {
		opts = append(opts, jetstream.WithMsgID(msgID))
	}
	if _, err := b.js.PublishMsg(ctx, &nats.Msg{Subject: subject, Data: body, Header: h}, opts...); err != nil {
		return fmt.Errorf("publish to %s: %w", subject, err)
	}
	return nil
}
