package bus_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/pkg/events"
)

func receive(t *testing.T, b *bus.Bus, h func(context.Context, bus.Delivery) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = b.Consume(ctx, bus.Inbox(1), bus.Messages(h))
	}()
	t.Cleanup(func() { cancel(); <-done })
}

func TestInbox_Retry(t *testing.T) {
	b := bustest.Start(t)
	got := make(chan bus.Delivery, 2)
	var calls atomic.Int32
	receive(t, b, func(_ context.Context, m bus.Delivery) error {
		if calls.Add(1) == 1 {
			return errors.New("not yet")
		}
		got <- m
		return nil
	})
	if err := b.Request(t.Context(), events.SubjectRequested, "", "", []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	m := <-got
	if m.Number != 2 || string(m.Body) != "{}" || m.Seq != 1 || m.StreamCreated.IsZero() {
		t.Errorf("message %+v", m)
	}
}

// A requester's Nats-* headers must not travel into the dead letter: they would make its publish fail for ever.
func TestInbox_PoisonIsADeadLetter(t *testing.T) {
	b := bustest.Start(t)
	receive(t, b, func(context.Context, bus.Delivery) error {
		return bus.Permanent(events.CodeUndecodable, errors.New("field target: expected an object"))
	})
	_, err := bustest.JetStream(b).PublishMsg(t.Context(), &nats.Msg{
		Subject: events.SubjectRequested, Data: []byte("garbage"),
		Header: nats.Header{"Nats-Expected-Stream": {events.StreamRequests}, "ce-id": {"7"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	l := waitLetters(t, b)[0]
	if string(l.Body) != "garbage" || l.Header.Get("ce-id") != "7" || l.Header.Get("Nats-Expected-Stream") != "" {
		t.Errorf("letter %+v", l)
	}
	if l.Subject != events.SubjectRequested || l.Error == "" {
		t.Errorf("letter %+v", l)
	}
	s, err := bustest.JetStream(b).Stream(t.Context(), events.StreamRequests)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); s.CachedInfo().State.Msgs > 0; time.Sleep(20 * time.Millisecond) {
		if _, err := s.Info(t.Context()); err != nil || time.Now().After(deadline) {
			t.Fatalf("the poison is still in the inbox: %v", err)
		}
	}
}
