package bus_test

import (
	"testing"
	"time"

	"squirrly.dev/internal/bus"
)

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
