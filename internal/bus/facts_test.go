package bus_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/pkg/events"
)

const channel = "webhook"

// publishFailed puts a run.failed onto the bus and returns its id.
func publishFailed(t *testing.T, b *bus.Bus) string {
	t.Helper()
	run := uuid.NewString()
	id := events.Identity{Cluster: "c", Namespace: "n", Job: "j"}
	p := events.RunFailed{Outcome: events.Outcome{Run: run, Identity: id, Code: events.CodeInternal, Message: "no"}}
	e, err := events.New("squirrly/test", run, time.Now(), p)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.PublishFact(t.Context(), id.Subject(e.Type, run), e); err != nil {
		t.Fatal(err)
	}
	return run
}

func subscribe(t *testing.T, b *bus.Bus, h func(context.Context, events.Event, uint64) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = b.Consume(ctx, bus.Channel(channel, 2), bus.Facts(h))
	}()
	t.Cleanup(func() { cancel(); <-done })
}

// told is one call of a subscriber.
type told struct {
	run      string
	delivery uint64
}

func next(t *testing.T, calls <-chan told) told {
	t.Helper()
	select {
	case c := <-calls:
		return c
	case <-time.After(20 * time.Second):
		t.Fatal("nobody was told within 20 s")
		return told{}
	}
}

// settled waits until no message of the durable is open.
func settled(t *testing.T, b *bus.Bus) {
	t.Helper()
	var info *jetstream.ConsumerInfo
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		cons, err := bustest.JetStream(b).Consumer(t.Context(), events.StreamEvents, bus.NotifierDurable(channel))
		if err != nil {
			t.Fatal(err)
		}
		if info = cons.CachedInfo(); info.NumPending == 0 && info.NumAckPending == 0 {
			return
		}
	}
	t.Fatalf("still open: %+v", info)
}

func TestFacts_Retries(t *testing.T) {
	b := bustest.Start(t, channel)
	calls := make(chan told, 8)
	subscribe(t, b, func(_ context.Context, e events.Event, delivery uint64) error {
		calls <- told{e.RunID, delivery}
		switch delivery {
		case 1:
			return bus.Wait(events.CodeDeliveryFailed, 10*time.Millisecond, errors.New("later"))
		case 2:
			panic("of the subscriber")
		}
		return nil
	})
	run := publishFailed(t, b)
	for want := uint64(1); want <= 3; want++ {
		if got := next(t, calls); got != (told{run, want}) {
			t.Fatalf("told %+v, want delivery %d of %s", got, want, run)
		}
	}
	settled(t, b)
}

func TestFacts_PermanentIsADeadLetter(t *testing.T) {
	b := bustest.Start(t, channel)
	subscribe(t, b, func(context.Context, events.Event, uint64) error {
		return bus.Permanent(events.CodeUndecodable, errors.New("field data.run: expected a run id"))
	})
	publishFailed(t, b)
	l := waitLetters(t, b)[0]
	if l.Service != bus.NotifierDurable(channel) || l.Reason != events.CodeUndecodable {
		t.Errorf("letter %+v", l)
	}
	settled(t, b)
}

func TestFacts_GarbageIsADeadLetter(t *testing.T) {
	b := bustest.Start(t, channel)
	subscribe(t, b, func(context.Context, events.Event, uint64) error {
		t.Error("garbage reached the subscriber")
		return nil
	})
	subject := events.Identity{}.Subject(events.TypeRunFailed, "r")
	if _, err := bustest.JetStream(b).Publish(t.Context(), subject, []byte("garbage")); err != nil {
		t.Fatal(err)
	}
	if l := waitLetters(t, b)[0]; string(l.Body) != "garbage" {
		t.Errorf("letter %+v", l)
	}
	settled(t, b)
}

// A subscriber may take longer than AckWait, and is told once all the same.
func TestFacts_SlowIsToldOnce(t *testing.T) {
	b := bustest.Start(t, channel)
	calls := make(chan told, 8)
	subscribe(t, b, func(ctx context.Context, e events.Event, delivery uint64) error {
		calls <- told{e.RunID, delivery}
		select {
		case <-time.After(2 * bustest.AckWait):
		case <-ctx.Done():
		}
		return nil
	})
	run := publishFailed(t, b)
	if got := next(t, calls); got != (told{run, 1}) {
		t.Fatalf("told %+v", got)
	}
	settled(t, b)
	if len(calls) > 0 {
		t.Errorf("told again: %+v", <-calls)
	}
}

// What a stopping service did not finish comes back at once, to another one.
func TestFacts_Stop(t *testing.T) {
	b := bustest.Start(t, channel)
	ctx, stop := context.WithCancel(t.Context())
	began := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- b.Consume(ctx, bus.Channel(channel, 1), bus.Facts(func(ctx context.Context, _ events.Event, _ uint64) error {
			close(began)
			<-ctx.Done()
			return ctx.Err()
		}))
	}()
	run := publishFailed(t, b)
	<-began
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	calls := make(chan told, 1)
	subscribe(t, b, func(_ context.Context, e events.Event, delivery uint64) error {
		calls <- told{e.RunID, delivery}
		return nil
	})
	if got := next(t, calls); got != (told{run, 2}) {
		t.Fatalf("told %+v", got)
	}
}
