package fleet

import (
	"context"
	"slices"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/kube"
	"squirrly.dev/services/trigger/internal/policy"
	"squirrly.dev/services/trigger/internal/refusal"
)

// Kubernetes lists deployments of the clusters that are known.
type Kubernetes struct {
	Clusters interface {
		Open(name string) (kube.Cluster, error)
	} // *kube.Clusters
	Namespaces []string // in which deployments may be named; empty is all
}

// List implements [Lister].
func (k Kubernetes) List(ctx context.Context, s policy.Selector) ([]kube.Deployed, error) {
	if len(k.Namespaces) > 0 && !slices.Contains(k.Namespaces, s.Namespace) {
		return nil, refusal.New(events.CodeForbidden, "namespace %q is not among those of this server", s.Namespace)
	}
	cluster, err := k.Clusters.Open(s.Cluster)
	if err != nil {
		return nil, err
	}
	return cluster.List(ctx, s.Namespace, s.Labels)
}
