package notifier_test

import (
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
)

func publishFailed(t *testing.T, b *bus.Bus, run string) {
	t.Helper()
	id := events.Identity{Cluster: "c", Namespace: "n", Job: "j"}
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
