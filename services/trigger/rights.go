package trigger

import (
	"context"
	"errors"

	"squirrly.dev/services/trigger/internal/kube"
	"squirrly.dev/services/trigger/internal/refusal"
)

// ErrNoCluster says that no Kubernetes cluster is configured, which is no fault where Flink is named by URL.
var ErrNoCluster = errors.New("no Kubernetes cluster is configured here")

// Rights are what this process may do in a Kubernetes cluster, of what the service needs.
type Rights struct {
	Cluster  string
	Operator bool // the cluster knows FlinkDeployments
	Needed   []kube.Right
}

// RightsIn asks a cluster what this process may do there; by the same configuration as the service. Nothing is changed.
func RightsIn(ctx context.Context, cfg Config, cluster string) (Rights, error) {
	c, err := kube.NewClusters(cfg.Kubeconfig, cfg.Cluster).Open(cluster)
	if refusal.Is(err) && cluster == "" {
		return Rights{}, errors.Join(ErrNoCluster, err)
	}
	if err != nil {
		return Rights{}, err
	}
	r := Rights{Cluster: c.Name}
	if r.Operator, err = c.HasOperator(ctx); err != nil {
		return r, err
	}
	r.Needed, err = c.Rights(ctx, cfg.Namespaces)
	return r, err
}
