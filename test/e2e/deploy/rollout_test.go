package deploy_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger"
)

var flinkDeployments = schema.GroupVersionResource{Group: "flink.apache.org", Version: "v1beta1", Resource: "flinkdeployments"}

// deployed is a FlinkDeployment with the status that the operator would write.
type deployed struct {
	name, namespace string
	team            string
	image           string
	backend         string // part of the configuration
	parallelism     int64
	nonce           int64 // of a restart
	generation      int64
	oldOperator     bool // that does not say which spec it has put in place
	life            string
}

func (w *watched) orders() deployed {
	return deployed{
		name: "orders", namespace: w.namespace, team: "checkout", image: "shop/orders:1.4.2", backend: "rocksdb",
		parallelism: 2, generation: 1, life: "STABLE",
	}
}

// put stores a deployment, or changes it.
func (w *watched) put(d deployed) {
	w.t.Helper()
	all := w.client.Resource(flinkDeployments).Namespace(d.namespace)
	spec := map[string]any{
		"image": d.image, "flinkVersion": "v1_20", "serviceAccount": "flink", "restartNonce": d.nonce,
		"flinkConfiguration": map[string]any{"state.backend": d.backend},
		"job":                map[string]any{"jarURI": "local:///opt/job.jar", "parallelism": d.parallelism, "state": "running", "upgradeMode": "stateless"},
	}
	o := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "flink.apache.org/v1beta1", "kind": "FlinkDeployment", "spec": spec,
		"metadata": map[string]any{"name": d.name, "namespace": d.namespace, "labels": map[string]any{"team": d.team}},
	}}
	stored, err := all.Get(w.t.Context(), d.name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		stored, err = all.Create(w.t.Context(), o, metav1.CreateOptions{})
	} else if err == nil {
		o.SetResourceVersion(stored.GetResourceVersion())
		stored, err = all.Update(w.t.Context(), o, metav1.UpdateOptions{})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	status := map[string]any{
		"observedGeneration": d.generation, "jobManagerDeploymentStatus": "READY", "lifecycleState": d.life,
		"jobStatus": map[string]any{"jobId": flinktest.RecordedJobID, "jobName": d.name, "state": "RUNNING"},
	}
	if !d.oldOperator {
		last, err := json.Marshal(map[string]any{"spec": spec, "resource_metadata": map[string]any{"apiVersion": "flink.apache.org/v1beta1"}})
		if err != nil {
			w.t.Fatal(err)
		}
		status["reconciliationStatus"] = map[string]any{"state": "DEPLOYED", "lastReconciledSpec": string(last)}
	}
	stored.Object["status"] = status
	if _, err := all.UpdateStatus(w.t.Context(), stored, metav1.UpdateOptions{}); err != nil {
		w.t.Fatal(err)
	}
}

func named(names ...string) func(map[string]trigger.Watched) bool {
	return func(views map[string]trigger.Watched) bool {
		for _, n := range names {
			if _, ok := views[n]; !ok {
				return false
			}
		}
		return len(views) == len(names)
	}
}

// The deployments under watch are those of the namespace that have the labels, with the shipped role: those that come, change
// their label and go are seen.
func TestWatch_ListsByNamespaceAndLabel(t *testing.T) {
	t.Parallel()
	w := newWatched(t, "listed")
	orders := w.orders()
	carts, payments, elsewhere := orders, orders, orders
	carts.name, carts.life = "carts", "UPGRADING"
	payments.name, payments.team = "payments", "pay"
	elsewhere.namespace += "-other"
	for _, d := range []deployed{orders, carts, payments, elsewhere} {
		w.put(d)
	}
	w.start()
	w.until("orders and carts are under watch, and no other", named("listed/orders", "listed/carts"))
	views := w.views()
	if o, c := views["listed/orders"], views["listed/carts"]; o.State != "ready" || !strings.HasPrefix(o.Release, "1.4.2-") || c.State != "unseen" ||
		!strings.Contains(c.Why, "UPGRADING") {
		t.Errorf("orders: %+v\ncarts: %+v", o, c)
	}
	payments.team, carts.team = "checkout", "pay"
	w.put(payments)
	w.put(carts)
	w.until("payments took the place of carts", named("listed/orders", "listed/payments"))
	if err := w.client.Resource(flinkDeployments).Namespace("listed").Delete(t.Context(), "orders", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	w.until("orders are gone", named("listed/payments"))
}

// rollouts waits until there are n runs, and a moment for those too many. All are ended, so that the next one is not coalesced.
func (w *watched) rollouts(n int, what string) []run.Record {
	w.t.Helper()
	runs := run.New(w.bus)
	var all []run.Record
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		var err error
		if all, err = runs.List(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		if len(all) >= n || time.Now().After(end) {
			break
		}
	}
	const moment = 3 * time.Second // several looks of the trigger
	time.Sleep(moment)
	all, err := runs.List(w.t.Context())
	if err != nil || len(all) != n {
		w.t.Fatalf("%s: %d runs, want %d; %v: %+v", what, len(all), n, err, all)
	}
	for _, rec := range all {
		if rec.State.Terminal() {
			continue
		}
		if rec.State != events.StatePlanned || rec.Plan.Labels[events.LabelRelease] == "" || !strings.Contains(rec.Plan.Reason, "release "+rec.Plan.Labels[events.LabelRelease]) {
			w.t.Errorf("%s: %+v", what, rec)
		}
		if _, err := runs.Update(w.t.Context(), rec.Run, func(r *run.Record) error { r.State = events.StateAnalyzed; return nil }); err != nil {
			w.t.Fatal(err)
		}
	}
	return all
}

// Another image or configuration is a rollout, and so is another generation where the operator says no spec; scaling and
// restarting are none. One while no trigger runs is seen by the next.
func TestWatch_Rollouts(t *testing.T) {
	t.Parallel()
	w := newWatched(t, "rolled")
	orders := w.orders()
	old := orders
	old.name, old.oldOperator = "old", true
	w.put(orders)
	w.put(old)
	w.start()
	ready := func(views map[string]trigger.Watched) bool {
		return views["rolled/orders"].Release != "" && views["rolled/old"].Release != ""
	}
	w.until("both releases are known", ready)
	w.rollouts(0, "the first look")
	n := 0
	for _, c := range []struct {
		what   string
		of     *deployed
		change func(*deployed)
		rolls  bool
	}{
		{"image", &orders, func(d *deployed) { d.image, d.generation = "shop/orders:1.5.0", 2 }, true},
		{"scale", &orders, func(d *deployed) { d.parallelism, d.generation = 8, 3 }, false},
		{"restart", &orders, func(d *deployed) { d.nonce, d.generation = 7, 4 }, false},
		{"lastReconciledSpec", &orders, func(d *deployed) { d.backend, d.generation = "hashmap", 5 }, true},
		{"observedGeneration", &old, func(d *deployed) { d.generation = 2 }, true},
		{"image, old operator", &old, func(d *deployed) { d.image = "shop/orders:1.6.0" }, true},
	} {
		c.change(c.of)
		w.put(*c.of)
		if c.rolls {
			n++
		}
		w.rollouts(n, c.what)
	}
	w.end()
	orders.image = "shop/orders:2.0.0"
	w.put(orders)
	w.start()
	w.rollouts(n+1, "while no trigger ran")
}

// While the API server is gone, silent or refuses, what it said last stands and the reason is told; a rollout meanwhile is seen after.
func TestWatch_Faults(t *testing.T) {
	t.Parallel()
	w := newWatched(t, "broken")
	orders := w.orders()
	w.put(orders)
	w.start()
	w.until("orders are under watch", named("broken/orders"))
	for i, c := range []struct{ what, fault, account, says string }{
		{"gone", "gone", "trigger", "EOF"},
		{"slow", "slow", "trigger", "Client.Timeout exceeded"},
		{"forbidden", "", "collector", "Squirrly may not list flinkdeployments in namespace broken of cluster test; its role has to allow that"},
	} {
		w.line.account.Store(c.account)
		w.line.fault.Store(c.fault)
		w.until(c.what+" is told, and orders stay", func(views map[string]trigger.Watched) bool {
			unlisted, is := views["(deployments)"]
			_, stays := views["broken/orders"]
			return is && stays && unlisted.State == "unlisted" && strings.Contains(unlisted.Why, c.says)
		})
		orders.image = "shop/orders:2." + string(rune('0'+i))
		w.put(orders)
		w.line.account.Store("trigger")
		w.line.fault.Store("")
		w.until(c.what+" is over", named("broken/orders"))
		w.rollouts(i+1, "a rollout while the server was "+c.what)
	}
	if w.line.forbidden.Swap(0) == 0 { // the collector's, whose role allows nothing
		t.Error("the server refused nothing")
	}
}

// Without the operator's resources that is told, and what was under watch is again once they are there. It removes them for all
// tests, so it runs beside none.
func TestWatch_NoOperator(t *testing.T) {
	w := newWatched(t, "bare")
	definitions := schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	if err := w.client.Resource(definitions).Delete(t.Context(), "flinkdeployments.flink.apache.org", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	restore := func() {
		for end := time.Now().Add(30 * time.Second); ; time.Sleep(200 * time.Millisecond) {
			_, err := w.client.Resource(definitions).Get(t.Context(), "flinkdeployments.flink.apache.org", metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				break // the server takes its time to remove the objects
			}
			if time.Now().After(end) {
				t.Fatal("the definition is not removed")
			}
		}
		if err := cluster.ApplyCRDs(t.Context(), crds()); err != nil {
			t.Fatal(err)
		}
	}
	w.start()
	w.until("that there is no operator is told", func(views map[string]trigger.Watched) bool {
		return strings.Contains(views["(deployments)"].Why, "is the Flink Kubernetes Operator installed?")
	})
	restore()
	w.put(w.orders())
	w.until("orders are under watch", named("bare/orders"))
}
