package kube

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Right is something that Squirrly needs to be allowed.
type Right struct {
	Verb, Resource string
	Namespace      string // empty is all of them
	Allowed        bool
}

// needed is what the trigger asks the API server for, as deploy/k8s/base/trigger/rbac.yaml grants it.
var needed = []struct {
	verb string
	of   schema.GroupVersionResource
}{
	{"get", deployments}, {"list", deployments}, {"get", sessionJobs}, {"get", schema.GroupVersionResource{Version: "v1", Resource: "services"}},
}

var reviews = schema.GroupVersionResource{Group: "authorization.k8s.io", Version: "v1", Resource: "selfsubjectaccessreviews"}

// Rights asks the API server what this client may do in some namespaces; none is all of them. Nothing is changed.
func (c Cluster) Rights(ctx context.Context, namespaces []string) ([]Right, error) {
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	var all []Right
	for _, namespace := range namespaces {
		for _, n := range needed {
			r := Right{Verb: n.verb, Resource: n.of.Resource, Namespace: namespace}
			review := &unstructured.Unstructured{Object: map[string]any{
				"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
				"spec": map[string]any{"resourceAttributes": map[string]any{
					"verb": n.verb, "group": n.of.Group, "resource": n.of.Resource, "namespace": namespace,
				}},
			}}
			answer, err := c.Client.Resource(reviews).Create(ctx, review, metav1.CreateOptions{})
			if err != nil {
				return nil, fmt.Errorf("ask Kubernetes cluster %s what may be done: %w", c.Name, err)
			}
			r.Allowed, _, _ = unstructured.NestedBool(answer.Object, "status", "allowed") // absent is not allowed
			all = append(all, r)
		}
	}
	return all, nil
}

// HasOperator reports whether the cluster knows FlinkDeployments. One that may not be listed may be known.
func (c Cluster) HasOperator(ctx context.Context) (bool, error) {
	_, err := c.Client.Resource(deployments).List(ctx, metav1.ListOptions{Limit: 1})
	switch {
	case apierrors.IsNotFound(err):
		return false, nil
	case apierrors.IsForbidden(err):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("ask Kubernetes cluster %s for FlinkDeployments: %w", c.Name, err)
	}
	return true, nil
}
