package run_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// While two of three servers are away nobody leads anything. The loops of all services wait, both those that ran and one
// that begins meanwhile, and go on when the servers are back; none of them ends.
func TestCluster_LosesItsMajority(t *testing.T) {
	servers, b := bustest.Cluster(t, "log")
	ctx, cancel := context.WithCancel(t.Context())
	g, ctx := errgroup.WithContext(ctx)
	told := make(chan string, 16)
	loops := func() {
		runs := run.New(b)
		g.Go(func() error {
			return runs.Work(ctx, collect, 2, func(_ context.Context, c *run.Claim) (events.Payload, error) {
				return nil, bus.Permanent(events.CodeInternal, errors.New("as the test wants"))
			})
		})
		g.Go(func() error { return run.Sweeper{Runs: runs, Every: 100 * time.Millisecond}.Run(ctx) })
		g.Go(func() error {
			return b.Consume(ctx, bus.Channel("log", 1), bus.Facts(func(_ context.Context, e events.Event, _ uint64) error {
				told <- e.RunID
				return nil
			}))
		})
		g.Go(func() error {
			return b.Consume(ctx, bus.Inbox(1), bus.Messages(func(_ context.Context, d bus.Delivery) error {
				told <- string(d.Body)
				return nil
			}))
		})
	}
	loops()
	startPatiently(t, b, plan("before"))
	patiently(t, "the first run has ended", ended(t, b, "before", events.StateFailed))

	survivor := bustest.Leader(t, servers, b, events.StreamEvents)
	for i, s := range servers {
		if i != survivor {
			s.Shutdown()
		}
	}
	loops()
	const away = 12 * time.Second // longer than a read is repeated
	time.Sleep(away)
	if err := ctx.Err(); err != nil {
		t.Fatalf("a loop has ended without a leader: %v", g.Wait())
	}
	for i := range servers {
		if i != survivor {
			bustest.Restart(t, servers, i)
		}
	}

	startPatiently(t, b, plan("after"))
	patiently(t, "a run has ended after the outage", ended(t, b, "after", events.StateFailed))
	late := run.Record{Run: "late", State: events.StatePlanned, Plan: plan("late")} // only the sweeper looks at it
	late.Plan.Deadline = time.Now().Add(-time.Second)
	if _, err := run.New(b).Create(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	patiently(t, "the sweeper has ended a run after the outage", ended(t, b, "late", events.StateFailed))
	if err := b.Request(t.Context(), events.SubjectRequested, "", "", []byte("inbox")); err != nil {
		t.Fatal(err)
	}
	patiently(t, "each run was told of, and the request", func() bool { return len(told) >= 4 })
	cancel()
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) { // in the middle of a call
		t.Errorf("a loop ended with %v", err)
	}
}

func ended(t *testing.T, b *bus.Bus, id string, state events.State) func() bool {
	return func() bool {
		rec, err := run.New(b).Get(t.Context(), id)
		return err == nil && rec.State == state
	}
}

// A bucket that is removed and made again is watched again, from its first revision on.
func TestWatch_BucketMadeAgain(t *testing.T) {
	b := bustest.Start(t)
	changes, err := run.New(b).WatchAll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"r1", "r2", "r3"} {
		start(t, b, plan(id))
		<-changes
	}
	if err := bustest.JetStream(b).DeleteStream(t.Context(), "KV_"+events.BucketRuns); err != nil {
		t.Fatal(err)
	}
	if err := b.Provision(t.Context(), bus.Topology{AckWait: bustest.AckWait}); err != nil {
		t.Fatal(err)
	}
	start(t, b, plan("r4"))
	for timeout := time.After(time.Minute); ; {
		select {
		case rec := <-changes:
			if rec.Run == "r4" {
				return
			}
		case <-timeout:
			t.Fatal("the watch does not see the new bucket")
		}
	}
}
