package run_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"golang.org/x/sync/errgroup"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// Runs keep flowing while the leader of the event stream is lost: none is lost, none is told of twice.
func TestCluster_LosesItsLeader(t *testing.T) {
	servers, b := bustest.Cluster(t)
	ctx, cancel := context.WithCancel(t.Context())
	var g errgroup.Group
	g.Go(func() error {
		return run.New(b).Work(ctx, collect, 4, func(_ context.Context, c *run.Claim) (events.Payload, error) {
			return ready(c.Record().Run), nil
		})
	})
	t.Cleanup(func() { cancel(); _ = g.Wait() })
	const runs, killAt = 30, 10
	for i := range runs {
		if i == killAt {
			killLeader(t, b, servers)
		}
		startPatiently(t, b, plan(fmt.Sprintf("r%d", i)))
	}
	for i := range runs {
		id := fmt.Sprintf("r%d", i)
		patiently(t, "run "+id+" captured", func() bool {
			rec, err := run.New(b).Get(t.Context(), id)
			return err == nil && rec.State == events.StateCaptured
		})
		if n := published(t, b, identity.Subject(events.TypeArtifactReady, id)); n != 1 {
			t.Errorf("%s: %d artifact.ready, want 1", id, n)
		}
	}
}

// patiently repeats a check for up to a minute: without a leader calls fail for a moment.
func patiently(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not within a minute: %s", what)
}

func startPatiently(t *testing.T, b *bus.Bus, p events.Plan) {
	t.Helper()
	rec := run.Record{Run: p.Run, State: events.StatePlanned, Plan: p}
	patiently(t, "start "+p.Run, func() bool {
		if _, err := run.New(b).Create(t.Context(), rec); err != nil {
			return false
		}
		e, err := rec.Event("trigger", events.ProfilePlanned{Plan: p})
		return err == nil && b.PublishFact(t.Context(), p.Identity.Subject(e.Type, p.Run), e) == nil
	})
}

// killLeader shuts down the server that leads the event stream.
func killLeader(t *testing.T, b *bus.Bus, servers []*server.Server) {
	t.Helper()
	s, err := bustest.JetStream(b).Stream(t.Context(), events.StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	leader := s.CachedInfo().Cluster.Leader
	for _, srv := range servers {
		if srv.Name() == leader {
			srv.Shutdown()
			return
		}
	}
	t.Fatalf("leader %q is none of the servers", leader)
}

// An owner whose server is cut off from its majority does nothing outside while another one may own the run.
func TestCluster_StaleOwner(t *testing.T) {
	servers, b, lines := bustest.Network(t)
	records := "KV_" + events.BucketRuns
	leader := bustest.Leader(t, servers, b, records)
	stale := bustest.Connect(t, servers[leader].ClientURL(), "stale")
	live := bustest.Connect(t, servers[(leader+1)%len(servers)].ClientURL(), "live")
	claimed := make(chan *run.Claim, 1)
	ctx, cancel := context.WithCancel(t.Context())
	var g errgroup.Group
	g.Go(func() error {
		return run.New(stale).Work(ctx, collect, 1, func(ctx context.Context, c *run.Claim) (events.Payload, error) {
			claimed <- c
			<-ctx.Done()
			return nil, ctx.Err()
		})
	})
	t.Cleanup(func() { cancel(); _ = g.Wait() })
	start(t, b, plan("r1"))
	c := <-claimed
	if err := c.Check(t.Context()); err != nil {
		t.Fatalf("before: %v", err)
	}
	lines.Isolate(leader)
	patiently(t, "another owner", func() bool {
		call, stop := context.WithTimeout(t.Context(), 5*time.Second)
		defer stop()
		_, err := run.New(live).Update(call, "r1", func(r *run.Record) error { r.Owner = "another"; return nil })
		return err == nil
	})
	for range 2 { // each would be followed by an effect
		call, stop := context.WithTimeout(t.Context(), time.Second)
		if err := c.Check(call); err == nil {
			t.Error("a stale owner believes that it owns the run")
		}
		stop()
	}
	lines.Heal()
	patiently(t, "the stale owner knows", func() bool { return errors.Is(c.Check(t.Context()), run.ErrSuperseded) })
}
