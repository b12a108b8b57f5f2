package notifier_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/pkg/events"
)

func publishFailed(t *testing.T, b *bus.Bus, run string) {
	t.Helper()
	publishFailedOf(t, b, "j", run)
}

func publishFailedOf(t *testing.T, b *bus.Bus, job, run string) {
	t.Helper()
	id := events.Identity{Cluster: "c", Namespace: "n", Job: job}
	e, err := events.New("squirrly/collector", run, time.Now(), events.RunFailed{
		Outcome: events.Outcome{Run: run, Identity: id, Code: events.CodeJobGone, Message: "the job ended"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.PublishFact(t.Context(), id.Subject(e.Type, run), e); err != nil {
		t.Fatal(err)
	}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("no %s after 20 s", what)
}

// sent counts the facts that say that a message was taken.
func sent(t *testing.T, b *bus.Bus) uint64 {
	t.Helper()
	s, err := bustest.JetStream(b).Stream(t.Context(), events.StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	i, err := s.Info(t.Context(), jetstream.WithSubjectFilter("squirrly.v1.notification.sent.>"))
	if err != nil {
		t.Fatal(err)
	}
	n := uint64(0)
	for _, count := range i.State.Subjects {
		n += count
	}
	return n
}
