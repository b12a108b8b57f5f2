package rollout_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/fleet"
	"squirrly.dev/services/trigger/internal/kube"
	"squirrly.dev/services/trigger/internal/policy"
	"squirrly.dev/services/trigger/internal/source"
	"squirrly.dev/services/trigger/internal/source/rollout"
)

// gate remembers what it was asked; it refuses while refuse is set.
type gate struct {
	mu     sync.Mutex
	asked  []source.Ask
	runs   map[string]bool
	refuse *source.Refusal
}

func (g *gate) Ask(_ context.Context, a source.Ask) (source.Answer, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refuse != nil {
		return source.Answer{}, g.refuse
	}
	known := g.runs[a.Run()]
	if g.runs == nil {
		g.runs = map[string]bool{}
	}
	g.runs[a.Run()] = true
	if !known {
		g.asked = append(g.asked, a)
	}
	return source.Answer{Run: a.Run(), Known: known}, nil
}

// looker says what runs behind every URL.
type looker struct {
	seen  rollout.Seen
	calls int
	mu    sync.Mutex
}

func (l *looker) Look(context.Context, policy.Target, string) rollout.Seen {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	return l.seen
}

// stand is replicas on one real server, with a clock that the test sets.
type stand struct {
	t      *testing.T
	bus    *bus.Bus
	gate   *gate
	looker *looker
	now    time.Time
	on     *policy.Policy
}

func newStand(t *testing.T) *stand {
	t.Helper()
	all, err := policy.Read([]byte("policies: [{name: p, targets: {deployments: [{namespace: shop}]}, on: {rollout: true}, delay: 5m}]"), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return &stand{
		t: t, bus: bustest.As(t, bustest.Start(t), natsusers.Trigger), gate: &gate{}, looker: &looker{}, on: &all[0],
		now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC),
	}
}

// replica is a fresh one: it knows nothing.
func (s *stand) replica() *rollout.Source {
	return &rollout.Source{
		Gate: s.gate, Book: bus.OpenBucket[rollout.State](s.bus, events.BucketPolicy), Looker: s.looker, Every: time.Minute,
		Claims: bus.OpenBucket[rollout.Claim](s.bus, events.BucketPolicy), Logger: slog.New(slog.DiscardHandler),
	}
}

func (s *stand) members(d *kube.Deployed) []fleet.Member {
	t := policy.Target{Name: "shop/orders", Target: events.Target{Namespace: "shop", Deployment: "orders"}}
	if d == nil {
		t = policy.Target{Name: "orders", Target: events.Target{URL: "http://orders:8081"}}
	}
	return []fleet.Member{{Policy: s.on, Target: t, Key: t.Key(), Deployed: d}}
}

// pass lets minutes pass, in each of which three replicas look at the same time.
func (s *stand) pass(minutes int, m []fleet.Member, replicas ...*rollout.Source) {
	s.t.Helper()
	for range minutes {
		s.now = s.now.Add(time.Minute)
		var wg sync.WaitGroup
		for _, r := range replicas {
			wg.Go(func() { r.Turn(s.t.Context(), s.now, m) })
		}
		wg.Wait()
	}
}

func (s *stand) want(n int, why string) {
	s.t.Helper()
	if len(s.gate.asked) != n {
		s.t.Fatalf("%s: %d requests, want %d: %+v", why, len(s.gate.asked), n, s.gate.asked)
	}
}

func deployed(release string, running bool) *kube.Deployed {
	return &kube.Deployed{Namespace: "shop", Name: "orders", Release: release, Running: running}
}

func TestRollout_Deployment(t *testing.T) {
	s := newStand(t)
	three := []*rollout.Source{s.replica(), s.replica(), s.replica()}
	s.pass(10, s.members(deployed("v1", true)), three...)
	s.want(0, "the first release is none")
	s.pass(3, s.members(deployed("v2", false)), three...)
	s.pass(5, s.members(deployed("v2", true)), three...)
	s.want(0, "it is not warm yet")
	s.pass(1, s.members(deployed("v2", true)), three...)
	s.want(1, "it is warm")
	if a := s.gate.asked[0]; a.Release != "v2" || a.Baseline != events.BaselineRelease || a.Reason != policy.ReasonRollout {
		t.Errorf("%+v", a)
	}
	s.pass(30, s.members(deployed("v2", true)), three...)
	s.want(1, "once")

	s.pass(3, s.members(deployed("v3", true)), three...)
	s.pass(1, s.members(deployed("v3", false)), three...) // it restarts, so its warmth begins anew
	s.pass(5, s.members(deployed("v3", true)), three...)
	s.want(1, "the restart counts")
	s.pass(2, s.members(deployed("v4", true)), three...) // the next one takes its place
	s.pass(30, s.members(deployed("v4", true)), three...)
	s.want(2, "only the newest")
	if a := s.gate.asked[1]; a.Release != "v4" {
		t.Errorf("%+v", a)
	}
	s.pass(10, s.members(deployed("v3", true)), three...) // rolled back
	s.want(3, "back is a rollout too")
	s.pass(10, s.members(deployed("v4", true)), three...)
	s.want(4, "and forth")
}

// A rollout while no replica runs is seen by the next one, and so is one that had begun to wait.
func TestRollout_WhileNobodyRan(t *testing.T) {
	s := newStand(t)
	s.pass(1, s.members(deployed("v1", true)), s.replica())
	s.now = s.now.Add(8 * time.Hour)
	s.pass(2, s.members(deployed("v2", true)), s.replica())
	s.pass(5, s.members(deployed("v2", true)), s.replica()) // another one again
	s.want(1, "after downtime")
}

// What the policy does not allow now waits until it does; a policy that is gone waits no more.
func TestRollout_Refused(t *testing.T) {
	s := newStand(t)
	r := s.replica()
	s.pass(1, s.members(deployed("v1", true)), r)
	s.gate.refuse = &source.Refusal{Code: source.Quiet, Why: "it is quiet"}
	s.pass(20, s.members(deployed("v2", true)), r)
	e, err := bus.OpenBucket[rollout.State](s.bus, events.BucketPolicy).Get(t.Context(), rollout.Key(s.members(deployed("", true))[0].Key))
	if err != nil || e.Value.Waiting["p"].Why != "it is quiet" {
		t.Errorf("%+v, %v", e, err)
	}
	s.gate.refuse = nil
	s.pass(1, s.members(deployed("v2", true)), r)
	s.want(1, "the quiet hours are over")

	s.gate.refuse = &source.Refusal{Code: source.Budget, Why: "spent"}
	s.pass(10, s.members(deployed("v3", true)), r)
	s.gate.refuse = nil
	kept := s.on
	s.on = &policy.Policy{Name: "another", On: policy.Reasons{Rollout: true}, Zone: time.UTC}
	s.pass(2, s.members(deployed("v3", true)), r)
	s.on = kept
	s.pass(10, s.members(deployed("v3", true)), r)
	s.want(1, "its policy was deleted while it waited")
}

// Behind a URL another job id of the same name is a rollout; one replica looks in each minute.
func TestRollout_URL(t *testing.T) {
	s := newStand(t)
	three := []*rollout.Source{s.replica(), s.replica(), s.replica()}
	s.looker.seen = rollout.Seen{Release: "job-1", Job: "Orders", Running: true}
	s.pass(10, s.members(nil), three...)
	if s.looker.calls != 10 {
		t.Errorf("%d looks in ten minutes", s.looker.calls)
	}
	s.looker.seen = rollout.Seen{Note: "it does not answer"}
	s.pass(10, s.members(nil), three...)
	s.want(0, "silence is no rollout")
	s.looker.seen = rollout.Seen{Release: "job-2", Job: "Orders", Running: true}
	s.pass(10, s.members(nil), three...)
	s.want(1, "another job id")
	label, err := rollout.Labels{Book: bus.OpenBucket[rollout.State](s.bus, events.BucketPolicy)}.Label(t.Context(), s.members(nil)[0].Key)
	if err != nil || label != "job-2" {
		t.Error(label, err)
	}
}
