package bus_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus"
)

func subjectCount(t *testing.T, s jetstream.Stream, subject string) uint64 {
	t.Helper()
	info, err := s.Info(t.Context(), jetstream.WithSubjectFilter(subject))
	if err != nil {
		t.Fatal(err)
	}
	return info.State.Subjects[subject]
}

func waitLetters(t *testing.T, b *bus.Bus) []bus.DeadLetter {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		letters, err := b.DeadLetters(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(letters) > 0 {
			return letters
		}
	}
	t.Fatal("no dead letter after 20 s")
	return nil
}
