package watch_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"squirrly.dev/services/trigger/internal/fleet"
	"squirrly.dev/services/trigger/internal/policy"
	"squirrly.dev/services/trigger/internal/source"
	"squirrly.dev/services/trigger/internal/source/rollout"
	"squirrly.dev/services/trigger/internal/watch"
)

// skews are how wrong the clocks of three replicas are, and apart how far two of them may be from each other.
var skews = []time.Duration{-3 * time.Minute, 0, 4 * time.Minute}

const apart = 7 * time.Minute

// cluster is what runs behind a URL; the test rolls it out.
type cluster struct {
	mu      sync.Mutex
	release int
	since   time.Time
}

func (c *cluster) Look(context.Context, policy.Target, string) rollout.Seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	return rollout.Seen{Release: fmt.Sprintf("job-%d", c.release), Job: "Orders", Running: time.Since(c.since) > time.Minute}
}

func (c *cluster) roll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.release++
	c.since = time.Now()
}

// Three replicas whose clocks are minutes apart ask once for each rollout, and no earlier than the delay of the policy by
// more than their clocks differ.
func TestClocks_Rollouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const delay, rollouts = 15 * time.Minute, 60
		policies, err := policy.Read([]byte(`
policies:
- {name: p, targets: {urls: [{name: orders, url: "http://orders:8081"}]}, on: {rollout: true}, delay: 15m, cooldown: 10m}
`), time.Second)
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(5)
		states, claims := newBook[rollout.State](&sync.Mutex{}, rand.New(rand.NewPCG(5, 3))), newBook[rollout.Claim](&sync.Mutex{}, rand.New(rand.NewPCG(5, 4)))
		job := &cluster{release: 1}
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for _, skew := range skews {
			log := slog.New(slog.DiscardHandler)
			gate := &source.Gate{Inbox: w.inbox, Records: w.inbox, Ledgers: w.ledgers, Releases: none{}, Usual: 30 * time.Second}
			watcher := watch.Watcher{
				Fleet: fleet.New(func() []policy.Policy { return policies }, nil, log), Changed: func() uint64 { return 0 },
				Refresh: time.Hour, Most: 5 * time.Second, Now: func() time.Time { return time.Now().Add(skew) },
				Sources: []watch.Source{&rollout.Source{Gate: gate, Book: states, Claims: claims, Looker: job, Every: time.Minute, Logger: log}},
			}
			wg.Go(func() { watcher.Run(ctx) })
		}
		time.Sleep(time.Hour)
		chance := rand.New(rand.NewPCG(5, 5))
		for n := range rollouts {
			job.roll()
			began := time.Now()
			time.Sleep(time.Hour + time.Duration(chance.IntN(120))*time.Minute)
			w.inbox.mu.Lock()
			if len(w.inbox.order) != n+1 {
				t.Fatalf("%d runs after rollout %d", len(w.inbox.order), n+1)
			}
			warm := w.inbox.records[w.inbox.order[n]].Created.Sub(began)
			w.inbox.mu.Unlock()
			if warm < delay-apart || warm > delay+2*apart {
				t.Errorf("rollout %d: a run after %s", n+1, warm)
			}
		}
		stop()
		wg.Wait()
	})
}

// Alerts reach replicas whose clocks are minutes apart: each alert makes one run at most, and two of a job are no nearer to
// each other than the cooldown by more than the clocks differ.
func TestClocks_Cooldown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const cooldown = 20 * time.Minute
		policies, err := policy.Read([]byte(`
policies:
- {name: p, targets: {urls: [{name: orders, url: "http://orders:8081"}]}, on: {alert: [{match: [severity=critical]}]}, cooldown: 20m}
`), time.Second)
		if err != nil {
			t.Fatal(err)
		}
		w, chance, target := newWorld(6), rand.New(rand.NewPCG(6, 6)), policies[0].URLs[0]
		var replicas []*source.Reactor
		for range skews {
			replicas = append(replicas, &source.Reactor{
				Gate: &source.Gate{Inbox: w.inbox, Records: w.inbox, Ledgers: w.ledgers, Releases: none{}, Usual: 30 * time.Second},
				Members: func(context.Context) ([]fleet.Member, error) {
					return []fleet.Member{{Policy: &policies[0], Target: target, Key: target.Key()}}, nil
				},
				Reason: policy.ReasonAlert, Rules: func(r policy.Reasons) []policy.Rule { return r.Alerts }, Logger: slog.New(slog.DiscardHandler),
			})
		}
		const alerts = 2000
		for n := range alerts { // each is told to two replicas, by two Alertmanagers
			offer := []source.Offer{{ID: fmt.Sprint(n), Labels: map[string]string{"severity": "critical"}, Began: time.Now(), Why: "alert"}}
			for _, i := range chance.Perm(len(skews))[:2] {
				_, _ = replicas[i].Take(t.Context(), time.Now().Add(skews[i]), offer, source.Taken{}) // a store that fails now and then
				time.Sleep(time.Duration(chance.IntN(40)) * time.Second)
			}
			time.Sleep(time.Duration(chance.IntN(240)) * time.Second)
		}
		time.Sleep(time.Minute)
		var last time.Time
		for _, id := range w.inbox.order {
			at := w.inbox.records[id].Created
			if gap := at.Sub(last); gap < cooldown-apart-time.Minute { // a run is there up to 20 s after its request
				t.Errorf("%s between two runs", gap)
			}
			last = at
		}
		if n := len(w.inbox.order); n < 100 {
			t.Errorf("%d runs of %d alerts", n, alerts)
		} else {
			t.Logf("%d runs of %d alerts", n, alerts)
		}
	})
}
