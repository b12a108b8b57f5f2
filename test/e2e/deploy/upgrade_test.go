package deploy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"squirrly.dev/services/trigger"
	"squirrly.dev/test/e2e/parts"
)

// own is an overlay as docs/kubernetes.md has users write it, beside a checkout of the repository.
const own = `resources: [REPOSITORY/deploy/k8s/overlays/dev]
components: [REPOSITORY/deploy/k8s/components/policy]
images:
  - {name: ghcr.io/squirrly-dev/squirrly, newName: registry.example.com/squirrly, newTag: TAG}
`

// overlay renders an overlay of a user, in a namespace of the test.
func overlay(t *testing.T, namespace, tag string) []*unstructured.Unstructured {
	t.Helper()
	root, err := parts.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if root, err = filepath.EvalSymlinks(root); err != nil {
		t.Fatal(err)
	}
	repository, err := filepath.Rel(dir, root)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("REPOSITORY", filepath.ToSlash(repository), "TAG", tag).Replace(own) + "namespace: " + namespace + "\n"
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	objects, err := build(dir)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// put stores objects, and returns what the server says to each that it refuses. The binding of the cluster role names the
// namespace of the other tests: it is only checked.
func put(t *testing.T, objects []*unstructured.Unstructured) map[string]error {
	t.Helper()
	refused, a := map[string]error{}, applier(t)
	for _, o := range objects {
		apply := a.Apply
		if o.GetKind() == "ClusterRoleBinding" {
			apply = a.DryRun
		}
		if _, err := apply(t.Context(), o); err != nil {
			refused[o.GetKind()+"/"+o.GetName()] = err
		}
	}
	return refused
}

// An upgrade is another image: the server takes everything but the Job, whose template cannot change, and that too once
// the old one is deleted, as scripts/upgrade.sh does.
func TestUpgrade_DeletesTheJobFirst(t *testing.T) {
	t.Parallel()
	const namespace = "upgraded"
	if refused := put(t, overlay(t, namespace, "v1.0.0")); len(refused) > 0 {
		t.Fatal(refused)
	}
	next := overlay(t, namespace, "v1.1.0")
	refused := put(t, next)
	if err := refused["Job/provision"]; len(refused) != 1 || !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "immutable") {
		t.Fatalf("want the Job refused, and nothing else: %v", refused)
	}
	jobs := clientset(t).BatchV1().Jobs(namespace)
	gone := metav1.DeletePropagationBackground
	if err := jobs.Delete(t.Context(), "provision", metav1.DeleteOptions{PropagationPolicy: &gone}); err != nil {
		t.Fatal(err)
	}
	if refused := put(t, next); len(refused) > 0 {
		t.Fatal(refused)
	}
	stored, err := jobs.Get(t.Context(), "provision", metav1.GetOptions{})
	if err != nil || stored.Spec.Template.Spec.Containers[0].Image != "registry.example.com/squirrly:v1.1.0" {
		t.Errorf("the Job is not the new one: %v, %v", stored.Spec.Template.Spec.Containers, err)
	}
	deployments, err := clientset(t).AppsV1().Deployments(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(deployments.Items) != 4 {
		t.Fatalf("%d services, %v", len(deployments.Items), err)
	}
	for _, d := range deployments.Items {
		if image := d.Spec.Template.Spec.Containers[0].Image; image != "registry.example.com/squirrly:v1.1.0" {
			t.Errorf("%s has image %s", d.Name, image)
		}
	}
}

// The shipped component, applied: the trigger finds its file where the variable says, and with it the account of the trigger
// watches what it names, with no call forbidden.
func TestPolicyComponent_WatchesAsShipped(t *testing.T) {
	t.Parallel()
	const namespace = "watching"
	if refused := put(t, overlay(t, namespace, "v1.0.0")); len(refused) > 0 {
		t.Fatal(refused)
	}
	d, err := clientset(t).AppsV1().Deployments(namespace).Get(t.Context(), "trigger", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	file := env(d.Spec.Template.Spec.Containers[0], "SQUIRRLY_POLICY")
	config, err := clientset(t).CoreV1().ConfigMaps(namespace).Get(t.Context(), mounted(d.Spec.Template.Spec, filepath.Dir(file)), metav1.GetOptions{})
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	text := config.Data[filepath.Base(file)]
	if _, err := trigger.CheckPolicies([]byte(text)); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	w := newWatched(t, "flink") // which the shipped file names
	w.cfg.Policy = filepath.Join(t.TempDir(), filepath.Base(file))
	if err := os.WriteFile(w.cfg.Policy, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w.put(w.orders())
	w.start()
	w.until("orders are under watch", named("flink/orders"))
}

// mounted is the ConfigMap that a pod has in a folder.
func mounted(pod corev1.PodSpec, folder string) string {
	for _, m := range pod.Containers[0].VolumeMounts {
		for _, v := range pod.Volumes {
			if m.MountPath == folder && v.Name == m.Name && v.ConfigMap != nil {
				return v.ConfigMap.Name
			}
		}
	}
	return ""
}

// One command makes a CronJob that is not suspended, starts nothing at once, and writes each night to a folder of its own on a
// claim that is there. What scripts/run-profiler.sh applies afterwards leaves it alone.
func TestNightly_RunsAndKeepsItsResults(t *testing.T) {
	t.Parallel()
	const namespace = "nights"
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	if _, err := clientset(t).CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"nightly", "oneshot"} {
		objects, err := render(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range objects {
			if name == "nightly" && o.GetKind() == "Job" {
				t.Errorf("%s starts Job %s at once", name, o.GetName())
			}
			o.SetNamespace(namespace)
		}
		if refused := put(t, objects); len(refused) > 0 {
			t.Fatal(refused)
		}
	}
	all, err := clientset(t).BatchV1().CronJobs(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	nights := map[string]batchv1.CronJob{}
	for _, c := range all.Items {
		nights[c.Name] = c
	}
	c := nights["squirrly-nightly"]
	if len(nights) != 2 || c.Spec.Suspend == nil || *c.Spec.Suspend || !*nights["squirrly-profile"].Spec.Suspend {
		t.Fatalf("CronJobs: %+v", all.Items)
	}
	pod := c.Spec.JobTemplate.Spec.Template.Spec
	claim := ""
	for _, m := range pod.Containers[0].VolumeMounts {
		for _, v := range pod.Volumes {
			if m.MountPath == "/out" && v.Name == m.Name && v.PersistentVolumeClaim != nil {
				claim = v.PersistentVolumeClaim.ClaimName
			}
		}
	}
	if _, err := clientset(t).CoreV1().PersistentVolumeClaims(namespace).Get(t.Context(), claim, metav1.GetOptions{}); err != nil {
		t.Errorf("the claim %q of /out: %v", claim, err)
	}
	if args := strings.Join(pod.Containers[0].Args, " "); !strings.Contains(args, "--out=/out/$(POD_NAME)") {
		t.Errorf("nights share a folder: %s", args)
	}
}
