package chain_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/pkg/events"
	"squirrly.dev/test/e2e/parts"
)

var deployments = schema.GroupVersionResource{Group: "flink.apache.org", Version: "v1beta1", Resource: "flinkdeployments"}

// A FlinkDeployment is found by name on a real API server, and its job profiled.
func TestFlinkDeployment(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	kube, err := parts.StartKube(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kube.Stop)
	crds := os.Getenv("SQUIRRLY_FLINK_CRDS")
	if crds == "" {
		crds = filepath.Join("..", "testdata", "crds")
	}
	if err := kube.ApplyCRDs(ctx, crds); err != nil {
		t.Fatal(err)
	}
	c := startFlink(t, flinktest.Options{Profiling: true})
	job := runSample(t, c)
	s := newStack(t, "KUBECONFIG="+kube.Kubeconfig, "SQUIRRLY_FLINK_REST_URL="+c.URL)

	client, err := dynamic.NewForConfig(kube.Config)
	if err != nil {
		t.Fatal(err)
	}
	deploy(t, client, "orders", job, "READY")
	deploy(t, client, "starting", "", "DEPLOYING")

	rec := s.ask(t, `{"target":{"namespace":"default","deployment":"orders"},"duration":"2s"}`)
	if rec.State != events.StateAnalyzed || rec.Plan.JobID != job || rec.Plan.Identity.Job != "orders" {
		t.Errorf("run is %s for %s of %s: %+v", rec.State, rec.Plan.JobID, rec.Plan.Identity, rec.Outcome)
	}
	for name, want := range map[string]events.Code{"nope": events.CodeUnknownTarget, "starting": events.CodeTargetNotReady} {
		rec := s.ask(t, fmt.Sprintf(`{"target":{"namespace":"default","deployment":%q}}`, name))
		if rec.State != events.StateRejected || rec.Outcome == nil || rec.Outcome.Code != want {
			t.Errorf("%s: run is %s, %+v; want %s", name, rec.State, rec.Outcome, want)
		}
	}
}

// deploy stores a FlinkDeployment with the status that the operator would write.
func deploy(t *testing.T, client dynamic.Interface, name, job, state string) {
	t.Helper()
	o := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "flink.apache.org/v1beta1", "kind": "FlinkDeployment",
		"metadata": map[string]any{"name": name, "namespace": "default"},
		"spec": map[string]any{
			"flinkVersion": "v1_20", "image": "flink:1.20", "serviceAccount": "flink",
			"job": map[string]any{"jarURI": "local:///opt/job.jar", "parallelism": int64(2)},
		},
	}}
	o, err := client.Resource(deployments).Namespace("default").Create(t.Context(), o, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	o.Object["status"] = map[string]any{
		"jobManagerDeploymentStatus": state, "lifecycleState": "STABLE",
		"jobStatus": map[string]any{"jobId": job, "jobName": name, "state": "RUNNING"},
	}
	if _, err := client.Resource(deployments).Namespace("default").UpdateStatus(t.Context(), o, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}
