package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"squirrly.dev/services/analyzer"
	"squirrly.dev/services/trigger"
)

const (
	areaKubernetes = "Kubernetes"
	areaLLM        = "Language model"
)

// Kubernetes looks what may be done in a cluster; the empty name is the own one, or the current context.
func Kubernetes(ctx context.Context, cfg trigger.Config, cluster string) []Finding {
	r, err := trigger.RightsIn(ctx, cfg, cluster)
	if errors.Is(err, trigger.ErrNoCluster) {
		return []Finding{{areaKubernetes, Off, trigger.ErrNoCluster.Error() + ": jobs are named by REST URL", ""}}
	}
	if err != nil {
		return []Finding{{areaKubernetes, Fail, err.Error(), "Check the kubeconfig or the service account, and the network."}}
	}
	found := []Finding{{areaKubernetes, OK, fmt.Sprintf("cluster %s answers and knows FlinkDeployments", r.Cluster), ""}}
	if !r.Operator {
		found[0] = Finding{
			areaKubernetes, Note, fmt.Sprintf("cluster %s knows no FlinkDeployments", r.Cluster),
			"Install the Flink Kubernetes Operator, or name jobs by REST URL.",
		}
	}
	for _, n := range r.Needed {
		if !n.Allowed {
			where := "any namespace"
			if n.Namespace != "" {
				where = "namespace " + n.Namespace
			}
			found = append(found, Finding{
				areaKubernetes, Fail, fmt.Sprintf("may not %s %s in %s", n.Verb, n.Resource, where),
				"Bind the ClusterRole of deploy/k8s/base/trigger/rbac.yaml, or name the namespaces in SQUIRRLY_NAMESPACES.",
			})
		}
	}
	if len(found) == 1 {
		found = append(found, Finding{areaKubernetes, OK, fmt.Sprintf("all %d rights that are needed are there", len(r.Needed)), ""})
	}
	return found
}

// LLM looks at the language model; ask asks it a short question.
func LLM(ctx context.Context, cfg analyzer.LLMConfig, ask bool) []Finding {
	if err := cfg.Validate(); err != nil {
		return []Finding{{areaLLM, Fail, err.Error(), "Correct the setting that is named."}}
	}
	tried, err := analyzer.TryLLM(ctx, cfg, ask)
	name := strings.TrimSpace(tried.Provider + " " + tried.Model)
	switch {
	case tried.Provider == analyzer.ProviderRules:
		return []Finding{{areaLLM, Off, "none is configured: analyses are by rules, and nothing leaves this machine", ""}}
	case err != nil:
		return []Finding{{areaLLM, Fail, name + ": " + err.Error(), "Check URL, key, proxy and quota (docs/providers.md)."}}
	case ask:
		return []Finding{{areaLLM, OK, fmt.Sprintf("%s answers in the form that is needed, in %s", name, tried.Took.Round(time.Millisecond)), ""}}
	}
	return []Finding{{areaLLM, OK, name + " can be reached; --ask-llm asks it a question of some 50 tokens", ""}}
}
