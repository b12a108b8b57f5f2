// Package fleet is which jobs the policies have under watch right now: those that are named by URL, and the
// FlinkDeployments that Kubernetes has. What Kubernetes said last stands while it does not answer.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/kube"
	"squirrly.dev/services/trigger/internal/policy"
	"squirrly.dev/services/trigger/internal/refusal"
)

// Member is a target of a policy.
type Member struct {
	Policy   *policy.Policy
	Target   policy.Target
	Key      string         // of the target
	Deployed *kube.Deployed // what its operator said last; nil of a URL
}

// Lister lists FlinkDeployments.
type Lister interface {
	List(ctx context.Context, s policy.Selector) ([]kube.Deployed, error)
}

// Fleet is the members of all policies. It is safe for concurrent use.
type Fleet struct {
	policies func() []policy.Policy
	lister   Lister
	log      *slog.Logger

	mu       sync.Mutex
	listed   map[string][]kube.Deployed // by selector
	problems map[string]error           // by selector: why it could not be listed
	members  []Member

	once  sync.Once
	known chan struct{} // closed by the first refresh
}

// New makes a fleet. policies are those that hold.
func New(policies func() []policy.Policy, lister Lister, log *slog.Logger) *Fleet {
	return &Fleet{policies: policies, lister: lister, log: log, listed: map[string][]kube.Deployed{}, problems: map[string]error{}, known: make(chan struct{})}
}

// Members are the targets as of the last refresh, in the order of the file. The result is shared: do not change it.
func (f *Fleet) Members() []Member {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.members
}

// patience is how long [Fleet.Known] waits for the first refresh: below what senders of webhooks wait for an answer.
const patience = 5 * time.Second

// Known are the members, once they were refreshed for the first time. Until then what comes in would match none of them, and be
// lost: the error says that it should come again.
func (f *Fleet) Known(ctx context.Context) ([]Member, error) {
	select {
	case <-f.known:
		return f.Members(), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("the targets of the policies: %w", ctx.Err())
	case <-time.After(patience):
		return nil, errors.New("the targets of the policies are not known yet")
	}
}

// Problem is why some of the deployments of a policy are not known; nil when all are.
func (f *Fleet) Problem(p *policy.Policy) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range p.Deployments {
		if err := f.problems[id(s)]; err != nil {
			return err
		}
	}
	return nil
}

// Refresh lists the deployments of all selectors again.
func (f *Fleet) Refresh(ctx context.Context) {
	policies := f.policies()
	wanted := map[string]policy.Selector{}
	for i := range policies {
		for _, s := range policies[i].Deployments {
			wanted[id(s)] = s
		}
	}
	f.list(ctx, wanted)
	if ctx.Err() != nil {
		return
	}
	members := f.assemble(policies)
	defer f.once.Do(func() { close(f.known) })
	f.mu.Lock()
	defer f.mu.Unlock()
	f.members = members
	maps.DeleteFunc(f.listed, func(key string, _ []kube.Deployed) bool { _, still := wanted[key]; return !still })
	maps.DeleteFunc(f.problems, func(key string, _ error) bool { _, still := wanted[key]; return !still })
}

// list lists the deployments of selectors, those of different clusters side by side. A cluster that does not answer is
// asked once: to wait for it again for each selector would hold up everything else that is under watch.
func (f *Fleet) list(ctx context.Context, wanted map[string]policy.Selector) {
	var wg sync.WaitGroup
	defer wg.Wait()
	byCluster := map[string][]string{}
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		byCluster[wanted[key].Cluster] = append(byCluster[wanted[key].Cluster], key)
	}
	for _, keys := range byCluster {
		wg.Go(func() { f.listOf(ctx, keys, wanted) })
	}
}

// listOf lists the deployments of selectors of one cluster.
func (f *Fleet) listOf(ctx context.Context, keys []string, wanted map[string]policy.Selector) {
	var silent error
	for _, key := range keys {
		found, err := []kube.Deployed(nil), silent
		if silent == nil {
			found, err = f.lister.List(ctx, wanted[key])
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil && !refusal.Is(err) {
			silent = err
		}
		f.note(ctx, key, found, err)
	}
}

// note keeps what a list brought. A failure is logged once, until it is another one.
func (f *Fleet) note(ctx context.Context, key string, found []kube.Deployed, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.problems[key]
	if err == nil {
		f.listed[key] = found
		delete(f.problems, key)
		return
	}
	if before == nil || before.Error() != err.Error() {
		f.log.WarnContext(ctx, "the deployments of a policy cannot be listed; those from before stand", "error", err)
	}
	f.problems[key] = err
}

// assemble makes the members of all policies.
func (f *Fleet) assemble(policies []policy.Policy) []Member {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []Member
	for i := range policies {
		p := &policies[i]
		seen := map[string]bool{}
		for _, t := range p.URLs {
			all = append(all, Member{Policy: p, Target: t, Key: t.Key()})
		}
		for _, s := range p.Deployments {
			for _, d := range f.listed[id(s)] {
				t := target(s, d)
				if key := t.Key(); !seen[key] { // two selectors may find the same
					seen[key] = true
					all = append(all, Member{Policy: p, Target: t, Key: key, Deployed: &d})
				}
			}
		}
	}
	return all
}

func target(s policy.Selector, d kube.Deployed) policy.Target {
	name := d.Namespace + "/" + d.Name
	if s.Cluster != "" {
		name = s.Cluster + "/" + name
	}
	return policy.Target{Name: name, Target: events.Target{Cluster: s.Cluster, Namespace: d.Namespace, Deployment: d.Name, Job: s.Job}}
}

// id tells selectors apart.
func id(s policy.Selector) string { return fmt.Sprintf("%q", s) }
