package fleet_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/fleet"
	"squirrly.dev/services/trigger/internal/kube"
	"squirrly.dev/services/trigger/internal/policy"
	"squirrly.dev/services/trigger/internal/refusal"
)

// lister answers with one deployment for each namespace, unless an error is set for its cluster.
type lister struct {
	mu     sync.Mutex
	errs   map[string]error
	asked  map[string]int // by cluster
	listed chan struct{}  // if set, the cluster slow is answered when it is closed
}

func (l *lister) List(_ context.Context, s policy.Selector) ([]kube.Deployed, error) {
	l.mu.Lock()
	l.asked[s.Cluster]++
	err := l.errs[s.Cluster]
	l.mu.Unlock()
	if s.Cluster == "slow" && l.listed != nil {
		<-l.listed
	}
	return []kube.Deployed{{Namespace: s.Namespace, Name: "orders"}}, err
}

func newFleet(t *testing.T) (*fleet.Fleet, *lister) {
	t.Helper()
	all, err := policy.Read([]byte(`policies:
- name: p
  targets:
    urls: [{name: u, url: "http://u:8081"}]
    deployments: [{namespace: a}, {namespace: b}, {namespace: c}, {cluster: slow, namespace: a}, {cluster: slow, namespace: b}]
  on: {rollout: true}
`), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	l := &lister{errs: map[string]error{}, asked: map[string]int{}}
	return fleet.New(func() []policy.Policy { return all }, l, slog.New(slog.DiscardHandler)), l
}

// A cluster that does not answer is asked once in a look, whatever the number of its selectors; what it said before stands. One
// that answers and refuses is asked for each, since a role may allow one namespace and not another.
func TestFleet_SilentCluster(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		asks int
	}{
		"silent": {errors.New("i/o timeout"), 1}, "refuses": {refusal.New(events.CodeForbidden, "may not list"), 2}, "answers": {nil, 2},
	} {
		f, l := newFleet(t)
		f.Refresh(t.Context())
		if n := len(f.Members()); n != 6 {
			t.Fatalf("%d members", n)
		}
		l.errs["slow"], l.asked = c.err, map[string]int{}
		f.Refresh(t.Context())
		if l.asked["slow"] != c.asks || l.asked[""] != 3 || len(f.Members()) != 6 {
			t.Errorf("%s: asked %v, %d members", name, l.asked, len(f.Members()))
		}
		if err := f.Problem(f.Members()[0].Policy); !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Clusters are listed side by side.
func TestFleet_SlowCluster(t *testing.T) {
	f, l := newFleet(t)
	l.listed = make(chan struct{})
	ended := make(chan struct{})
	go func() { f.Refresh(t.Context()); close(ended) }()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		l.mu.Lock()
		asked := l.asked[""]
		l.mu.Unlock()
		if asked == 3 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d lists of the other cluster", asked)
		}
	}
	close(l.listed)
	<-ended
	if n := len(f.Members()); n != 6 {
		t.Errorf("%d members", n)
	}
}
