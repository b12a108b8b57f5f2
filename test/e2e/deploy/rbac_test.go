package deploy_test

import (
	"context"
	"testing"

	authv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
)

// accounts are the service accounts, and whether they look Flink up: in every namespace, in their own, or not at all.
var accounts = map[string]struct{ everywhere, here bool }{
	"trigger":           {true, true},
	"squirrly-profiler": {false, true},
	"collector":         {},
	"analyzer":          {},
	"notifier":          {},
	"provision":         {},
	"nats":              {},
	"minio":             {},
}

func TestRBAC_FlinkIsReadByWhoLooksItUp(t *testing.T) {
	t.Parallel()
	for account, may := range accounts {
		for _, resource := range []string{"flinkdeployments", "flinksessionjobs"} {
			for _, verb := range []string{"get", "list", "watch"} {
				for namespace, want := range map[string]bool{"squirrly": may.here, "elsewhere": may.everywhere} {
					a := attributes(namespace, "flink.apache.org", resource, "", verb)
					if got := allowed(t, account, a); got != want {
						t.Errorf("%s may %s %s in %s: %t, want %t", account, verb, resource, namespace, got, want)
					}
				}
			}
		}
	}
}

func TestRBAC_NobodyMayDoMore(t *testing.T) {
	t.Parallel()
	forbidden := []*authv1.ResourceAttributes{
		attributes("squirrly", "", "pods", "exec", "create"),
		attributes("squirrly", "", "pods", "exec", "get"),
		attributes("squirrly", "", "pods", "attach", "create"),
		attributes("squirrly", "", "pods", "portforward", "create"),
		attributes("squirrly", "", "pods", "ephemeralcontainers", "patch"),
		attributes("squirrly", "", "pods", "", "create"),
		attributes("squirrly", "", "pods", "", "list"),
		attributes("squirrly", "", "pods", "log", "get"),
		attributes("squirrly", "", "secrets", "", "get"),
		attributes("squirrly", "", "secrets", "", "list"),
		attributes("squirrly", "", "configmaps", "", "get"),
		attributes("squirrly", "", "services", "proxy", "get"),
		attributes("squirrly", "", "serviceaccounts", "token", "create"),
		attributes("squirrly", "flink.apache.org", "flinkdeployments", "", "create"),
		attributes("squirrly", "flink.apache.org", "flinkdeployments", "", "update"),
		attributes("squirrly", "flink.apache.org", "flinkdeployments", "", "patch"),
		attributes("squirrly", "flink.apache.org", "flinkdeployments", "", "delete"),
		attributes("squirrly", "flink.apache.org", "flinkdeployments", "status", "update"),
		attributes("squirrly", "rbac.authorization.k8s.io", "roles", "", "bind"),
	}
	for account := range accounts {
		for _, a := range forbidden {
			if allowed(t, account, a) {
				t.Errorf("%s may %s %s/%s", account, a.Verb, a.Resource, a.Subresource)
			}
		}
	}
}

// The reviews above ask the authoriser; here the account itself does it.
func TestRBAC_TriggerListsFlinkAndNoSecrets(t *testing.T) {
	t.Parallel()
	client, err := dynamic.NewForConfig(cluster.As("system:serviceaccount:squirrly:trigger", groups()...))
	if err != nil {
		t.Fatal(err)
	}
	flink := schema.GroupVersionResource{Group: "flink.apache.org", Version: "v1beta1", Resource: "flinkdeployments"}
	if _, err := client.Resource(flink).List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Errorf("list flinkdeployments: %v", err)
	}
	secrets := schema.GroupVersionResource{Version: "v1", Resource: "secrets"}
	if _, err := client.Resource(secrets).Namespace("squirrly").List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("list secrets: %v, want forbidden", err)
	}
}

func allowed(t *testing.T, account string, a *authv1.ResourceAttributes) bool {
	t.Helper()
	may, err := reviewed(t.Context(), clientset(t), account, a)
	if err != nil {
		t.Fatal(err)
	}
	return may
}

// reviewed is what a server says that a service account of Squirrly may do.
func reviewed(ctx context.Context, client kubernetes.Interface, account string, a *authv1.ResourceAttributes) (bool, error) {
	review, err := client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authv1.SubjectAccessReview{
		Spec: authv1.SubjectAccessReviewSpec{
			User: "system:serviceaccount:squirrly:" + account, Groups: groups(), ResourceAttributes: a,
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return review.Status.Allowed, nil
}

func groups() []string {
	return []string{"system:serviceaccounts", "system:serviceaccounts:squirrly", "system:authenticated"}
}

func attributes(namespace, group, resource, sub, verb string) *authv1.ResourceAttributes {
	return &authv1.ResourceAttributes{
		Namespace: namespace, Group: group, Resource: resource, Subresource: sub, Verb: verb, Name: "x",
	}
}
