package bus_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/pkg/events"
)

type counter struct {
	N int `json:"n"`
}

// Many writers of one key and many publishers of one fact get through on three nodes, and nothing is lost.
func TestCluster_Contention(t *testing.T) {
	servers, b := bustest.Cluster(t)
	other := make([]*bus.Bus, 8)
	for i := range other {
		other[i] = bustest.Connect(t, servers[i%len(servers)].ClientURL(), fmt.Sprintf("writer%d", i))
	}
	const updates, facts = 25, 20
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	t.Run("updates", func(t *testing.T) {
		var g errgroup.Group
		for _, o := range other {
			g.Go(func() error {
				k := bus.OpenBucket[counter](o, events.BucketSpending)
				for range updates {
					if _, err := k.Upsert(ctx, "contended", func(c *counter) error { c.N++; return nil }); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		e, err := bus.OpenBucket[counter](b, events.BucketSpending).Get(ctx, "contended")
		if want := len(other) * updates; err != nil || e.Value.N != want {
			t.Errorf("counted %d, %v; want %d", e.Value.N, err, want)
		}
	})

	t.Run("facts", func(t *testing.T) {
		const publishers = 6
		for n := range facts {
			e, subject := recommendation(t, fmt.Sprintf("r%d", n))
			var g errgroup.Group
			for _, o := range other[:publishers] {
				g.Go(func() error { return o.PublishFact(ctx, subject, e) })
			}
			if err := g.Wait(); err != nil {
				t.Fatalf("fact %d: %v", n, err)
			}
			if all := onSubject(ctx, t, b, subject); len(all) != 1 {
				t.Errorf("fact %d is stored %d times", n, len(all))
			}
		}
	})
}

// A key that is created by many at once has one creator, also where it was there before.
func TestCluster_Create(t *testing.T) {
	_, b := bustest.Cluster(t)
	k := bus.OpenBucket[counter](b, events.BucketSpending)
	for round := range 3 {
		var made atomic.Int32
		var g errgroup.Group
		for i := range 6 {
			g.Go(func() error {
				err := k.Create(t.Context(), "one", counter{i})
				if err == nil {
					made.Add(1)
				}
				if errors.Is(err, bus.ErrExists) {
					return nil
				}
				return err
			})
		}
		if err := g.Wait(); err != nil || made.Load() != 1 {
			t.Fatalf("round %d: %d creators, %v", round, made.Load(), err)
		}
		if err := k.Delete(t.Context(), "one", func(counter) bool { return true }); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Get(t.Context(), "one"); !errors.Is(err, bus.ErrNotFound) {
			t.Fatalf("round %d: after the deletion %v", round, err)
		}
	}
}

// Provisioning turns direct get off; until then a service is not ready, and afterwards handles that are older go on.
func TestProvision_TurnsDirectGetOff(t *testing.T) {
	b := bustest.Start(t)
	js := bustest.JetStream(b)
	s, err := js.Stream(t.Context(), "KV_"+events.BucketSpending)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Ready(t.Context()); err != nil {
		t.Fatalf("ready: %v", err)
	}
	c := s.CachedInfo().Config
	c.AllowDirect = true
	if _, err := js.UpdateStream(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if err := b.Ready(t.Context()); err == nil {
		t.Error("ready with direct get on")
	}
	late := bustest.Connect(t, js.Conn().ConnectedUrl(), "late")
	k := bus.OpenBucket[counter](late, events.BucketSpending)
	if err := k.Put(t.Context(), "k", counter{1}); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Get(t.Context(), "k"); err != nil { // the handle is opened
		t.Fatal(err)
	}
	if err := b.Provision(t.Context(), bus.Topology{AckWait: bustest.AckWait}); err != nil {
		t.Fatal(err)
	}
	if e, err := k.Get(t.Context(), "k"); err != nil || e.Value.N != 1 {
		t.Errorf("through an older handle: %+v, %v", e, err)
	}
	if err := b.Ready(t.Context()); err != nil {
		t.Errorf("not ready after provisioning: %v", err)
	}
}

func TestIsConflict(t *testing.T) {
	api := func(code jetstream.ErrorCode) error {
		return fmt.Errorf("nats: %w", &jetstream.APIError{Code: 400, ErrorCode: code})
	}
	for want, errs := range map[bool][]error{
		true:  {jetstream.ErrKeyExists, jetstream.ErrKeyRevisionMismatch, api(10071), api(10164), fmt.Errorf("write: %w", api(10164))},
		false: {nil, api(10158), api(10077), context.DeadlineExceeded, jetstream.ErrKeyNotFound},
	} {
		for _, err := range errs {
			if got := bus.IsConflict(err); got != want {
				t.Errorf("IsConflict(%v) = %v", err, got)
			}
		}
	}
}

// A leader that is cut off from its majority answers and refuses as before for a while. What it says is not believed: a
// fact that is said to be published is there afterwards, whoever said it.
func TestCluster_IsolatedLeader(t *testing.T) {
	servers, b, lines := bustest.Network(t)
	leader := bustest.Leader(t, servers, b, events.StreamEvents)
	stale := bustest.Connect(t, servers[leader].ClientURL(), "stale")
	live := bustest.Connect(t, servers[(leader+1)%len(servers)].ClientURL(), "live")
	lines.Isolate(leader)
	const facts = 20
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var told [facts]atomic.Bool
	var g errgroup.Group
	for n := range facts {
		e, subject := recommendation(t, fmt.Sprintf("r%d", n))
		publish := func(via *bus.Bus) func() error {
			return func() error {
				err := via.PublishFact(ctx, subject, e)
				if err == nil {
					told[n].Store(true)
				}
				return err
			}
		}
		g.Go(publish(stale))
		g.Go(publish(stale)) // a second one of the same fact meets the first on its way
		if n%2 == 0 {
			g.Go(publish(live))
		}
	}
	const apart = 6 * time.Second
	time.Sleep(apart)
	for n := 1; n < facts; n += 2 {
		if told[n].Load() {
			t.Errorf("fact %d is said to be published by a server without a majority", n)
		}
	}
	lines.Heal()
	if err := g.Wait(); err != nil {
		t.Errorf("after the cluster is whole again: %v", err)
	}
	for n := range facts {
		_, subject := recommendation(t, fmt.Sprintf("r%d", n))
		if all := onSubject(ctx, t, live, subject); len(all) != 1 {
			t.Errorf("fact %d is stored %d times", n, len(all))
		}
	}
}
