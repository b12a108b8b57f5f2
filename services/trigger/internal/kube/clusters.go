// Package kube finds Flink clusters in Kubernetes: it reads the FlinkDeployment or FlinkSessionJob of a name and says
// whether its JobManager can be asked. It changes nothing in a cluster and knows neither Flink's REST API nor events.
package kube

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"squirrly.dev/internal/userfile"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
)

// callTimeout bounds one call of the Kubernetes API.
const callTimeout = 5 * time.Second

// Cluster is one Kubernetes cluster that can be asked.
type Cluster struct {
	Name      string // as identities show it
	Namespace string // used where a request names none
	Client    dynamic.Interface
}

// Clusters opens clusters by name: those of a kubeconfig, by context, or the one that this process runs in. It is safe
// for concurrent use.
type Clusters struct {
	load func(context string) (clientcmd.ClientConfig, error)
	own  string // name of the cluster that this process runs in
	from string // where contexts are looked for, for messages
	in   func() (*rest.Config, error)

	mu   sync.Mutex
	open map[string]Cluster
}

// NewClusters reads nothing yet. kubeconfig is a list of files as KUBECONFIG has it; empty is ~/.kube/config. own names
// the cluster that this process runs in, when it does.
func NewClusters(kubeconfig, own string) *Clusters {
	rules := &clientcmd.ClientConfigLoadingRules{Precedence: []string{clientcmd.RecommendedHomeFile}}
	if kubeconfig != "" {
		rules.Precedence = filepath.SplitList(kubeconfig)
	}
	return &Clusters{
		own: own, from: strings.Join(rules.Precedence, ", "), in: rest.InClusterConfig, open: map[string]Cluster{},
		load: func(context string) (clientcmd.ClientConfig, error) {
			if err := readable(rules.Precedence); err != nil {
				return nil, err
			}
			raw, err := rules.Load()
			if err != nil {
				return nil, fmt.Errorf("read kubeconfig: %w", err)
			}
			overrides := &clientcmd.ConfigOverrides{CurrentContext: context}
			return clientcmd.NewNonInteractiveClientConfig(*raw, context, overrides, rules), nil
		},
	}
}

// readable refuses files that are none: a named pipe would be waited for.
func readable(kubeconfigs []string) error {
	const most = 16 << 20 // bytes
	for _, path := range kubeconfigs {
		if err := userfile.Check(path, most); err != nil {
			return fmt.Errorf("read kubeconfig: %w", err)
		}
	}
	return nil
}

// Open returns a cluster by the name of its context. The empty name is the cluster that this process runs in, else the
// current context. An unknown name is a refusal.
func (c *Clusters) Open(name string) (Cluster, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found, ok := c.open[name]; ok {
		return found, nil
	}
	found, err := c.find(name)
	if err != nil {
		return Cluster{}, err
	}
	c.open[name] = found
	return found, nil
}

func (c *Clusters) find(name string) (Cluster, error) {
	if name == "" || name == c.own {
		config, err := c.in()
		if err == nil {
			return connect(c.own, "", config)
		}
		if !errors.Is(err, rest.ErrNotInCluster) {
			return Cluster{}, fmt.Errorf("read the service account: %w", err)
		}
	}
	loader, err := c.load(name)
	if err != nil {
		return Cluster{}, err
	}
	raw, err := loader.RawConfig()
	if err != nil {
		return Cluster{}, fmt.Errorf("read kubeconfig: %w", err)
	}
	if name == "" {
		name = raw.CurrentContext
	}
	if raw.Contexts[name] == nil {
		return Cluster{}, c.unknown(name, slices.Sorted(maps.Keys(raw.Contexts)))
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return Cluster{}, fmt.Errorf("read context %s of the kubeconfig: %w", name, err)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return Cluster{}, fmt.Errorf("read namespace of context %s: %w", name, err)
	}
	return connect(name, namespace, config)
}

func (c *Clusters) unknown(name string, contexts []string) error {
	const most = 5
	known := strings.Join(contexts[:min(len(contexts), most)], ", ")
	switch {
	case len(contexts) == 0 && name == "":
		return refusal.New(events.CodeUnknownTarget,
			"no Kubernetes cluster is configured here (no kubeconfig in %s), so only REST URLs can be profiled", c.from)
	case len(contexts) == 0:
		return refusal.New(events.CodeUnknownTarget, "there is no kube context %q: no kubeconfig with a context is in %s", name, c.from)
	case name == "":
		return refusal.New(events.CodeUnknownTarget, "the kubeconfig has no current context; name a cluster: %s", known)
	}
	return refusal.New(events.CodeUnknownTarget, "there is no kube context %q in the kubeconfig (%s); it has %s", name, c.from, known)
}

func connect(name, namespace string, config *rest.Config) (Cluster, error) {
	config.Timeout = callTimeout
	config.UserAgent = "squirrly-trigger"
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return Cluster{}, fmt.Errorf("connect to Kubernetes cluster %s: %w", name, err)
	}
	return Cluster{Name: name, Namespace: namespace, Client: client}, nil
}
