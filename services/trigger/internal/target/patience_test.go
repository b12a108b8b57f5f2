package target

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"squirrly.dev/services/trigger/internal/refusal"
)

// A process that was stopped while it asked has not been patient with the target: it asks again before it refuses.
func TestPatiently_Asleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &Resolver{Patience: 5 * time.Second}
		calls := 0
		err := r.patiently(t.Context(), func(context.Context) error {
			if calls++; calls == 1 {
				time.Sleep(20 * time.Second) // a stopped process does not see its context end
				return errors.New("the connection is gone")
			}
			return nil
		})
		if err != nil || calls != 2 {
			t.Errorf("after %d calls: %v", calls, err)
		}
	})
}

// A target that fails all the time is refused with the reason that it gave, once the patience is over.
func TestPatiently_Refuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, began := &Resolver{Patience: 5 * time.Second}, time.Now()
		err := r.patiently(t.Context(), func(ctx context.Context) error {
			select {
			case <-time.After(2 * time.Second):
				return errors.New("still electing")
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		if !refusal.Is(err) || err.Error() != "still electing" || time.Since(began) != r.Patience {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}
