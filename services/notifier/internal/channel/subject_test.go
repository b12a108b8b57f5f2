package channel_test

import (
	"context"
	"errors"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
)

// forwarded is what a forwarder was given.
type forwarded struct {
	subject string
	header  map[string]string
	body    []byte
	err     error
}

func (f *forwarded) Forward(_ context.Context, subject string, header map[string]string, body []byte) error {
	f.subject, f.header, f.body = subject, header, body
	return f.err
}

func TestSubject(t *testing.T) {
	for template, want := range map[string]string{
		"acme.flink.advice":                        "acme.flink.advice",
		"acme.{type}.{severity}":                   "acme.recommendation-ready.critical",
		"acme.{cluster}.{namespace}.{job}.r-{run}": "acme.prod.flink.orders_v2-" + events.Token("orders.v2")[len("orders_v2-"):] + ".r-run-1",
	} {
		var f forwarded
		s, err := channel.NewSubject("nats", template, &f)
		if err != nil {
			t.Fatal(err)
		}
		r := ready()
		r.Identity.Job = "orders.v2"
		m := message(t, r)
		if _, err := s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		e, err := events.DecodeEvent(f.body)
		if err != nil || e.ID != m.ID || f.subject != want {
			t.Errorf("%s: event %s on %s, want %s on %s (%v)", template, e.ID, f.subject, m.ID, want, err)
		}
		if f.header[events.HeaderMsgID] != e.ID || f.header[events.HeaderSeverity] != "critical" || f.header[events.HeaderRun] != "run-1" {
			t.Errorf("headers %v", f.header)
		}
	}
}

func TestSubject_Failure(t *testing.T) {
	s, err := channel.NewSubject("nats", "acme", &forwarded{err: errors.New("no connection")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Send(t.Context(), message(t, rejected())); err == nil {
		t.Error("a message that was not forwarded counts as told")
	}
}

func TestNewSubject_Refuses(t *testing.T) {
	for _, template := range []string{
		"", "acme.*", "acme.>", "acme advice", "acme.{what}", ".acme", "acme.", "a..b", "squirrly.v1.recommendation.ready.x",
		"$JS.API.STREAM.DELETE.x", "_INBOX.x",
	} {
		if _, err := channel.NewSubject("nats", template, &forwarded{}); err == nil {
			t.Errorf("subject %q was accepted", template)
		}
	}
}

// Who listens on a subject is told what changed, as a webhook is.
func TestSubject_Changes(t *testing.T) {
	var f forwarded
	s, err := channel.NewSubject("nats", "acme", &f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Send(t.Context(), news(t)); err != nil {
		t.Fatal(err)
	}
	published(t, string(f.body))
	e, err := events.DecodeEvent(f.body)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := events.Data[events.RecommendationReady](e); err != nil || len(r.Changes) != 3 || e.Subject != orders.String() {
		t.Errorf("subject %q, %d changes, %v", e.Subject, len(r.Changes), err)
	}
}
