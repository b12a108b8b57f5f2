package bus_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/pkg/events"
)

var identity = events.Identity{Cluster: "local", Namespace: "flink", Job: "orders"}

// recommendation is a fact, and its subject.
func recommendation(t testing.TB, run string) (events.Event, string) {
	t.Helper()
	p := events.RecommendationReady{
		Run: run, Identity: identity, Severity: events.SeverityCritical,
		Analysis: events.ObjectRef{Key: "k", SHA256: fmt.Sprintf("%064d", 1), Size: 1},
		Verdict:  events.Verdict{Headline: "h", Limit: events.LimitNone},
	}
	e, err := events.New("test", run, time.Now(), p)
	if err != nil {
		t.Fatal(err)
	}
	return e, identity.Subject(e.Type, run)
}

// onSubject returns the messages on a subject of the event stream, oldest first.
func onSubject(ctx context.Context, t testing.TB, b *bus.Bus, subject string) []*jetstream.RawStreamMsg {
	t.Helper()
	var all []*jetstream.RawStreamMsg
	var err error
	deadline := time.Now().Add(20 * time.Second)
	for seq := uint64(1); time.Now().Before(deadline); {
		var m *jetstream.RawStreamMsg
		if m, err = getMsg(ctx, b, seq, subject); errors.Is(err, jetstream.ErrMsgNotFound) {
			return all
		}
		if err != nil { // no leader for the moment
			time.Sleep(50 * time.Millisecond)
			continue
		}
		all, seq = append(all, m), m.Sequence+1
	}
	t.Fatalf("read %s: %v", subject, err)
	return nil
}

func getMsg(ctx context.Context, b *bus.Bus, seq uint64, subject string) (*jetstream.RawStreamMsg, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	s, err := bustest.JetStream(b).Stream(ctx, events.StreamEvents)
	if err != nil {
		return nil, err
	}
	return s.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(subject))
}

func TestPublishFact_Headers(t *testing.T) {
	b := bustest.Start(t)
	e, subject := recommendation(t, "r1")
	if err := b.PublishFact(t.Context(), subject, e); err != nil {
		t.Fatal(err)
	}
	m := onSubject(t.Context(), t, b, subject)[0]
	if h := events.Header(m.Header); h.Get(events.HeaderSeverity) != "critical" || h.Get(events.HeaderRun) != "r1" ||
		h.Get("Nats-Expected-Stream") != events.StreamEvents {
		t.Errorf("header %v", h)
	}
}

// A fact is stored once, also when the server does not know its id any more.
func TestPublishFact_Once(t *testing.T) {
	b := bustest.Start(t)
	e, subject := recommendation(t, "r1")
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bustest.JetStream(b).Publish(t.Context(), subject, body); err != nil { // without an id
		t.Fatal(err)
	}
	for i := range 3 {
		if err := b.PublishFact(t.Context(), subject, e); err != nil {
			t.Fatalf("publish %d: %v", i, err)
		}
	}
	if n := len(onSubject(t.Context(), t, b, subject)); n != 1 {
		t.Errorf("%d messages stored, want 1", n)
	}
}

// Somebody else's message on the subject of a fact does not stand for it: the fact is stored behind it, once.
func TestPublishFact_BehindAStranger(t *testing.T) {
	b := bustest.Start(t)
	e, subject := recommendation(t, "r1")
	stranger := &nats.Msg{Subject: subject, Data: []byte("of somebody else"), Header: nats.Header{"Nats-Msg-Id": {"x"}}}
	if _, err := bustest.JetStream(b).PublishMsg(t.Context(), stranger); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if err := b.PublishFact(t.Context(), subject, e); err != nil {
			t.Fatalf("publish %d: %v", i, err)
		}
	}
	all := onSubject(t.Context(), t, b, subject)
	if len(all) != 2 {
		t.Fatalf("%d messages stored, want 2", len(all))
	}
	if got, err := events.DecodeEvent(all[1].Data); err != nil || got.ID != e.ID {
		t.Errorf("the last message is %+v, %v", got, err)
	}
}
