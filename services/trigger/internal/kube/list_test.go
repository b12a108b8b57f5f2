package kube_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	k8stesting "k8s.io/client-go/testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
)

func ofTeam(name string) change {
	return func(_ *testing.T, o *unstructured.Unstructured) { o.SetLabels(map[string]string{"team": name}) }
}

func TestList(t *testing.T) {
	c, _ := cluster(
		application(t, "orders", ofTeam("checkout")),
		application(t, "carts", ofTeam("checkout"), set("UPGRADING", "status", "lifecycleState")),
		application(t, "restarting", ofTeam("checkout"), set("RESTARTING", "status", "jobStatus", "state")),
		application(t, "payments", ofTeam("pay")),
		session(t, "shared"),
	)
	found, err := c.List(t.Context(), "flink", map[string]string{"team": "checkout"})
	if err != nil || len(found) != 3 {
		t.Fatalf("%+v, %v", found, err)
	}
	for _, d := range found {
		if running := d.Name == "orders"; d.Running != running || running != (d.State == "") || d.Namespace != "flink" || d.Release == "" {
			t.Errorf("%+v", d)
		}
	}
	if all, err := c.List(t.Context(), "flink", nil); err != nil || len(all) != 5 {
		t.Errorf("%+v, %v", all, err)
	}
	if none, err := c.List(t.Context(), "elsewhere", nil); err != nil || len(none) != 0 {
		t.Errorf("%+v, %v", none, err)
	}
}

func TestList_Refuses(t *testing.T) {
	resource := schema.GroupResource{Group: "flink.apache.org", Resource: "flinkdeployments"}
	for name, c := range map[string]struct {
		err  error
		code events.Code
		says string
	}{
		"forbidden": {apierrors.NewForbidden(resource, "", errors.New("rbac")), events.CodeForbidden, "may not list flinkdeployments in namespace flink of cluster prod"},
		"no CRD":    {apierrors.NewNotFound(resource, ""), events.CodeUnknownTarget, "is the Flink Kubernetes Operator installed?"},
		"slow":      {apierrors.NewTimeoutError("slow", 1), "", "list flinkdeployments in namespace flink"},
	} {
		cl, client := cluster()
		client.PrependReactor("list", "flinkdeployments", func(k8stesting.Action) (bool, runtime.Object, error) { return true, nil, c.err })
		_, err := cl.List(t.Context(), "flink", nil)
		var r *refusal.Error
		if refused := errors.As(err, &r); err == nil || refused != (c.code != "") || refused && r.Code != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// releaseOf is the release of a deployment whose operator has put a spec in place last.
func releaseOf(t *testing.T, spec map[string]any, wrapped bool) string {
	t.Helper()
	if wrapped {
		spec = map[string]any{"spec": spec, "resource_metadata": map[string]any{"apiVersion": "flink.apache.org/v1beta1"}}
	}
	b, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := cluster(application(t, "orders", set(string(b), "status", "reconciliationStatus", "lastReconciledSpec")))
	found, err := c.List(t.Context(), "flink", nil)
	if err != nil {
		t.Fatal(err)
	}
	return found[0].Release
}

func spec(image string, parallelism, replicas, nonce int, config string) map[string]any {
	return map[string]any{
		"image": image, "restartNonce": nonce,
		"job":                map[string]any{"jarURI": "local:///x.jar", "parallelism": parallelism, "state": "running", "upgradeMode": "savepoint"},
		"taskManager":        map[string]any{"replicas": replicas, "resource": map[string]any{"memory": "2g"}},
		"flinkConfiguration": map[string]any{"state.backend": config, "pipeline.jobvertex-parallelism-overrides": nonce},
	}
}

// The release changes with image, configuration and job; to scale and to restart is none.
func TestList_Release(t *testing.T) {
	is := releaseOf(t, spec("registry:5000/shop/orders:1.4.2", 4, 2, 1, "rocksdb"), true)
	if !strings.HasPrefix(is, "1.4.2-") {
		t.Error(is)
	}
	for _, wrapped := range []bool{true, false} { // old operators wrote it bare
		if got := releaseOf(t, spec("registry:5000/shop/orders:1.4.2", 16, 8, 2, "rocksdb"), wrapped); got != is {
			t.Errorf("scaled: %s, was %s", got, is)
		}
	}
	for _, other := range []map[string]any{
		spec("registry:5000/shop/orders:1.4.3", 4, 2, 1, "rocksdb"), spec("registry:5000/shop/orders:1.4.2", 4, 2, 1, "hashmap"),
		spec("registry:5000/shop/orders@sha256:aa", 4, 2, 1, "rocksdb"), spec("", 4, 2, 1, "rocksdb"),
	} {
		if got := releaseOf(t, other, true); got == is {
			t.Errorf("%v is another release", other)
		}
	}
	bare := func(image string, generation int64) string {
		c, _ := cluster(application(t, "orders", set(image, "spec", "image"), set(generation, "status", "observedGeneration")))
		found, err := c.List(t.Context(), "flink", nil)
		if err != nil {
			t.Fatal(err)
		}
		return found[0].Release
	}
	if one := bare("a:1", 1); one == bare("a:1", 2) || one == bare("a:2", 1) || one != bare("a:1", 1) {
		t.Error("an operator that says no spec")
	}
}
