package kube_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"
	k8stesting "k8s.io/client-go/testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/kube"
	"squirrly.dev/services/trigger/internal/refusal"
)

// change edits an object before it is stored.
type change func(t *testing.T, o *unstructured.Unstructured)

func set(value any, path ...string) change {
	return func(t *testing.T, o *unstructured.Unstructured) {
		t.Helper()
		if err := unstructured.SetNestedField(o.Object, value, path...); err != nil {
			t.Fatal(err)
		}
	}
}

func without(path ...string) change {
	return func(_ *testing.T, o *unstructured.Unstructured) { unstructured.RemoveNestedField(o.Object, path...) }
}

func object(t *testing.T, kind, name string, spec, status map[string]any, changes ...change) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "flink.apache.org/v1beta1", "kind": kind,
		"metadata": map[string]any{"name": name, "namespace": "flink"},
		"spec":     spec, "status": status,
	}}
	for _, c := range changes {
		c(t, o)
	}
	return o
}

// application is a FlinkDeployment whose job runs, as the operator describes it.
func application(t *testing.T, name string, changes ...change) *unstructured.Unstructured {
	t.Helper()
	return object(t, "FlinkDeployment", name, map[string]any{"job": map[string]any{"jarURI": "local:///x.jar"}}, map[string]any{
		"jobManagerDeploymentStatus": "READY", "lifecycleState": "STABLE",
		"jobStatus": map[string]any{"jobId": "0123456789abcdef0123456789abcdef", "jobName": "Orders", "state": "RUNNING"},
	}, changes...)
}

func session(t *testing.T, name string) *unstructured.Unstructured {
	t.Helper()
	return application(t, name, without("spec", "job"), without("status", "jobStatus"))
}

func sessionJob(t *testing.T, name, deployment, state string) *unstructured.Unstructured {
	t.Helper()
	return object(t, "FlinkSessionJob", name, map[string]any{"deploymentName": deployment},
		map[string]any{"jobStatus": map[string]any{"jobId": "aaaa", "state": state}})
}

func cluster(objects ...runtime.Object) (kube.Cluster, *fake.FakeDynamicClient) {
	group := schema.GroupVersion{Group: "flink.apache.org", Version: "v1beta1"}
	client := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{
		group.WithResource("flinkdeployments"): "FlinkDeploymentList",
		group.WithResource("flinksessionjobs"): "FlinkSessionJobList",
	}, objects...)
	return kube.Cluster{Name: "prod", Namespace: "flink", Client: client}, client
}

func TestFind(t *testing.T) {
	c, _ := cluster(
		application(t, "orders"),
		application(t, "old-operator", without("status", "lifecycleState"), set(map[string]any{"rest.port": "9000"}, "spec", "flinkConfiguration")),
		application(t, "nested", set(map[string]any{"rest": map[string]any{"port": int64(9001)}}, "spec", "flinkConfiguration")),
		application(t, "bad-port", set(map[string]any{"rest.port": "9000@evil"}, "spec", "flinkConfiguration")),
		session(t, "shared"), sessionJob(t, "billing", "shared", "RUNNING"),
	)
	id := "0123456789abcdef0123456789abcdef"
	for name, want := range map[string]kube.Deployment{
		"orders":       {Namespace: "flink", Name: "orders", JobID: id, Port: "8081"},
		"old-operator": {Namespace: "flink", Name: "old-operator", JobID: id, Port: "9000"},
		"nested":       {Namespace: "flink", Name: "nested", JobID: id, Port: "9001"},
		"bad-port":     {Namespace: "flink", Name: "bad-port", JobID: id, Port: "8081"},
		"shared":       {Namespace: "flink", Name: "shared", Session: true, Port: "8081"},
		"billing":      {Namespace: "flink", Name: "shared", Session: true, JobID: "aaaa", Port: "8081"},
	} {
		for _, namespace := range []string{"flink", ""} {
			got, err := c.Find(t.Context(), namespace, name)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
}

func TestFind_Refuses(t *testing.T) {
	c, _ := cluster(
		application(t, "deploying", set("DEPLOYING", "status", "jobManagerDeploymentStatus")),
		application(t, "broken", set("ERROR", "status", "jobManagerDeploymentStatus"), set("ImagePullBackOff", "status", "error")),
		application(t, "new", without("status")),
		application(t, "upgrading", set("UPGRADING", "status", "lifecycleState")),
		application(t, "restarting", set("RECONCILING", "status", "jobStatus", "state")),
		application(t, "done", set("FINISHED", "status", "jobStatus", "state")),
		application(t, "odd", set("READY", "status", "jobStatus")),
		session(t, "shared"), sessionJob(t, "stopped", "shared", "CANCELED"), sessionJob(t, "orphan", "gone", "RUNNING"),
	)
	for name, want := range map[string]struct {
		code events.Code
		says string
	}{
		"nope":       {events.CodeUnknownTarget, "there is no FlinkDeployment nope in namespace flink of cluster prod"},
		"../secrets": {events.CodeUnknownTarget, "is not a name in Kubernetes"},
		"a/b":        {events.CodeUnknownTarget, "is not a name in Kubernetes"},
		"deploying":  {events.CodeTargetNotReady, "its JobManager is DEPLOYING"},
		"broken":     {events.CodeTargetNotReady, "ImagePullBackOff"},
		"new":        {events.CodeTargetNotReady, "its JobManager is not started"},
		"upgrading":  {events.CodeTargetNotReady, "it is UPGRADING"},
		"restarting": {events.CodeTargetNotReady, "its job is RECONCILING"},
		"done":       {events.CodeNoRunningJob, "the job of FlinkDeployment done is FINISHED"},
		"odd":        {events.CodeTargetNotReady, "its job is not started"},
		"stopped":    {events.CodeNoRunningJob, "the job of FlinkSessionJob stopped is CANCELED"},
		"orphan":     {events.CodeUnknownTarget, "there is no FlinkDeployment gone"},
	} {
		_, err := c.Find(t.Context(), "flink", name)
		expect(t, name, err, want.code, want.says)
	}
	c.Namespace = ""
	_, err := c.Find(t.Context(), "", "deploying")
	expect(t, "no namespace", err, events.CodeInvalidRequest, "field target.namespace")
}

func expect(t *testing.T, name string, err error, code events.Code, says string) {
	t.Helper()
	r, ok := errors.AsType[*refusal.Error](err)
	if !ok || r.Code != code || !strings.Contains(r.Error(), says) {
		t.Errorf("%s: got %v, want %s: …%s…", name, err, code, says)
	}
}

func TestFind_APIErrors(t *testing.T) {
	resource := schema.GroupResource{Group: "flink.apache.org", Resource: "flinkdeployments"}
	noCRD := apierrors.NewGenericServerResponse(404, "GET", resource, "orders", "404 page not found", 0, true)
	for name, c := range map[string]struct {
		err  error
		code events.Code // empty: it may pass
	}{
		"forbidden":    {apierrors.NewForbidden(resource, "orders", errors.New("no role")), events.CodeForbidden},
		"unauthorized": {apierrors.NewUnauthorized("token expired"), events.CodeForbidden},
		"no operator":  {noCRD, events.CodeUnknownTarget},
		"overloaded":   {apierrors.NewTooManyRequests("later", 1), ""},
		"no answer":    {fmt.Errorf("dial tcp: connection refused"), ""},
	} {
		cl, client := cluster()
		client.PrependReactor("get", "*", func(k8stesting.Action) (bool, runtime.Object, error) { return true, nil, c.err })
		_, err := cl.Find(t.Context(), "flink", "orders")
		if c.code == "" {
			if err == nil || refusal.Is(err) {
				t.Errorf("%s: got %v, want an error that may pass", name, err)
			}
			continue
		}
		expect(t, name, err, c.code, "")
	}
}
