package deploy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"

	"squirrly.dev/test/e2e/parts"
)

func TestManifests_ServerAcceptsEveryObject(t *testing.T) {
	t.Parallel()
	a := applier(t)
	rendered(t, func(t *testing.T, objects []*unstructured.Unstructured) {
		for _, o := range objects {
			if _, err := a.DryRun(t.Context(), o); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestManifests_ServerRefusesUnknownField(t *testing.T) {
	t.Parallel()
	objects, err := render("base")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if o.GetKind() != "Deployment" {
			continue
		}
		if err := unstructured.SetNestedField(o.Object, int64(1), "spec", "replica"); err != nil {
			t.Fatal(err)
		}
		if _, err := applier(t).DryRun(t.Context(), o); err == nil || !strings.Contains(err.Error(), "replica") {
			t.Fatalf("a misspelt field gave %v", err)
		}
		return
	}
	t.Fatal("no Deployment in the base")
}

func TestManifests_ExamplesAreAccepted(t *testing.T) {
	t.Parallel()
	root, err := parts.Root()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"examples/flinkdeployment.yaml", "deploy/k8s/secrets.example.yaml"} {
		f, err := os.Open(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		objects, err := parts.ReadObjects(f)
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if err != nil || len(objects) == 0 {
			t.Fatalf("%s: %d objects, %v", name, len(objects), err)
		}
		for _, o := range objects {
			if _, err := applier(t).DryRun(t.Context(), o); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// Pod Security looks at pods, and only warns about the workloads that make them: so the pods themselves are sent.
func TestPodSecurity_RestrictedAdmitsEveryPod(t *testing.T) {
	t.Parallel()
	client := clientset(t)
	rendered(t, func(t *testing.T, objects []*unstructured.Unstructured) {
		for _, pod := range pods(t, objects) {
			if err := dryRunPod(t, client, pod); err != nil {
				t.Errorf("%s: %v", pod.Name, err)
			}
		}
	})
}

func TestPodSecurity_RestrictedRefusesWorsePods(t *testing.T) {
	t.Parallel()
	client := clientset(t)
	objects, err := render("base")
	if err != nil {
		t.Fatal(err)
	}
	yes, no := true, false
	worse := map[string]func(*corev1.PodSpec){
		"privileged": func(s *corev1.PodSpec) {
			s.Containers[0].SecurityContext.Privileged, s.Containers[0].SecurityContext.AllowPrivilegeEscalation = &yes, nil
		},
		"privilege escalation": func(s *corev1.PodSpec) { s.Containers[0].SecurityContext.AllowPrivilegeEscalation = &yes },
		"root":                 func(s *corev1.PodSpec) { s.SecurityContext.RunAsNonRoot = &no },
		"capabilities kept":    func(s *corev1.PodSpec) { s.Containers[0].SecurityContext.Capabilities = nil },
		"no seccomp profile":   func(s *corev1.PodSpec) { s.SecurityContext.SeccompProfile = nil },
		"host network":         func(s *corev1.PodSpec) { s.HostNetwork = true },
		"host path": func(s *corev1.PodSpec) {
			s.Volumes[0].VolumeSource = corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}
		},
	}
	for name, spoil := range worse {
		for _, pod := range pods(t, objects) {
			spoil(&pod.Spec)
			err := dryRunPod(t, client, pod)
			if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "violates PodSecurity") {
				t.Errorf("%s: %s was not refused by Pod Security: %v", name, pod.Name, err)
			}
		}
	}
}

func dryRunPod(t *testing.T, client kubernetes.Interface, pod *corev1.Pod) error {
	t.Helper()
	_, err := client.CoreV1().Pods(pod.Namespace).Create(t.Context(), pod,
		metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict})
	return err
}

func applier(t *testing.T) *parts.Applier {
	t.Helper()
	a, err := cluster.Applier()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func clientset(t *testing.T) kubernetes.Interface {
	t.Helper()
	c, err := kubernetes.NewForConfig(cluster.Config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
