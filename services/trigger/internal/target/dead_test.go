package target

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
)

// slow is a finder that asks in vain for its patience, unless the target is good.
type slow struct{ patience time.Duration }

func (s slow) Resolve(_ context.Context, t events.Target, _ Permit) (Found, error) {
	if t.URL == "http://good" {
		time.Sleep(3 * time.Millisecond)
		return Found{JobID: "aa"}, nil
	}
	time.Sleep(s.patience)
	return Found{}, refusal.New(events.CodeUnreachable, "no answer")
}

// Eighty targets are dead, and a good request comes behind them. With eight that ask, each as long as it has patience, it is
// served after fifty seconds; through the queue, which waits for the silent ones aside, after one.
func TestQueue_BehindDeadTargets(t *testing.T) {
	const dead, slots = 80, 8
	finder := slow{patience: 5 * time.Second}
	direct := func(_ string, t events.Target) { _, _ = finder.Resolve(context.Background(), t, Permit{}) }
	for name, c := range map[string]struct {
		atATime    int // requests that are handled
		want, most time.Duration
	}{
		"each slot waits": {slots, 50 * time.Second, 51 * time.Second},
		"the queue":       {slots * 64, 0, 1100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				resolve := direct
				if c.atATime > slots {
					q := NewQueue(finder, slots)
					resolve = func(who string, at events.Target) { _, _ = q.Resolve(t.Context(), who, at, Permit{}) }
				}
				began, inbox := time.Now(), make(chan string, dead+1)
				for i := range dead {
					inbox <- fmt.Sprintf("http://dead-%d", i)
				}
				inbox <- "http://good"
				close(inbox)
				var took time.Duration
				var all sync.WaitGroup
				for range c.atATime {
					all.Go(func() {
						for url := range inbox {
							resolve("one requester", events.Target{URL: url})
							if url == "http://good" {
								took = time.Since(began)
							}
						}
					})
				}
				all.Wait()
				t.Logf("served after %s", took)
				if took < c.want || took > c.most {
					t.Errorf("served after %s, want %s to %s", took, c.want, c.most)
				}
			})
		})
	}
}
