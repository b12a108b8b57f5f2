package deploy_test

import (
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/google/go-cmp/cmp"
)

// talksToKubernetes are the service accounts whose pods get a token.
var talksToKubernetes = map[string]bool{"trigger": true, "squirrly-profiler": true}

func TestPods_AreHardenedAndBounded(t *testing.T) {
	t.Parallel()
	rendered(t, func(t *testing.T, objects []*unstructured.Unstructured) {
		for _, pod := range pods(t, objects) {
			for _, complaint := range podComplaints(pod) {
				t.Errorf("%s: %s", pod.Name, complaint)
			}
			for _, c := range pod.Spec.Containers {
				for _, complaint := range containerComplaints(pod, c) {
					t.Errorf("%s, container %s: %s", pod.Name, c.Name, complaint)
				}
			}
		}
	})
}

func podComplaints(pod *corev1.Pod) (all []string) {
	s := pod.Spec
	if s.ServiceAccountName == "" {
		all = append(all, "no service account of its own")
	}
	if mount := s.AutomountServiceAccountToken; mount == nil || *mount != talksToKubernetes[s.ServiceAccountName] {
		all = append(all, "mounts a Kubernetes token without need, or not with need")
	}
	if s.SecurityContext.RunAsUser == nil || *s.SecurityContext.RunAsUser != 65532 {
		all = append(all, "does not run as user 65532")
	}
	if s.TerminationGracePeriodSeconds == nil {
		all = append(all, "no termination grace period")
	}
	for _, v := range s.Volumes {
		if v.EmptyDir != nil && v.EmptyDir.SizeLimit == nil {
			all = append(all, "volume "+v.Name+" has no size limit")
		}
	}
	return all
}

// pinned is an image with a full version or a digest.
var pinned = regexp.MustCompile(`^[^:@]+(:\d+/[^:@]+)?(:(v?\d+\.\d+\.\d+[-.\w]*|RELEASE\.[-\w]+)|@sha256:[0-9a-f]{64})$`)

func containerComplaints(pod *corev1.Pod, c corev1.Container) (all []string) {
	if !pinned.MatchString(c.Image) {
		all = append(all, "image "+c.Image+" is not pinned")
	}
	if ro := c.SecurityContext.ReadOnlyRootFilesystem; ro == nil || !*ro {
		all = append(all, "the root file system can be written")
	}
	limit := c.Resources.Limits.Memory()
	if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() || limit.IsZero() {
		all = append(all, "resources are not bounded")
	}
	if goLimit, err := resource.ParseQuantity(strings.TrimSuffix(env(c, "GOMEMLIMIT"), "B")); err != nil || goLimit.Cmp(*limit) >= 0 {
		all = append(all, "GOMEMLIMIT is not below the memory limit")
	}
	served := pod.Spec.RestartPolicy == corev1.RestartPolicyAlways || pod.Spec.RestartPolicy == ""
	if served && (c.StartupProbe == nil || c.LivenessProbe == nil || c.ReadinessProbe == nil) {
		all = append(all, "a probe is missing")
	}
	for _, e := range c.Env {
		if e.Value != "" && strings.HasSuffix(e.Name, "_KEY") {
			all = append(all, e.Name+" stands in the manifest")
		}
	}
	return all
}

func env(c corev1.Container, name string) string {
	for _, e := range c.Env {
		if e.Name == name {
			return e.Value
		}
	}
	return ""
}

func TestNetwork_EverythingIsClosedFirst(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"base", "overlays/dev", "overlays/prod"} {
		objects, err := render(name)
		if err != nil {
			t.Fatal(err)
		}
		var policy networkingv1.NetworkPolicy
		find(t, objects, "NetworkPolicy", "default-deny", &policy)
		want := networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{"Ingress", "Egress"}}
		if diff := cmp.Diff(want, policy.Spec); diff != "" {
			t.Errorf("%s: default-deny (-want +got):\n%s", name, diff)
		}
	}
}

// A selector that selects nothing is a typo that no server notices.
func TestSelectors_SelectPods(t *testing.T) {
	t.Parallel()
	rendered(t, func(t *testing.T, objects []*unstructured.Unstructured) {
		all := pods(t, objects)
		for _, o := range objects {
			selector := selectorOf(t, o)
			if selector == nil {
				continue
			}
			found := false
			for _, pod := range all {
				found = found || selector.Matches(labels.Set(pod.Labels))
			}
			if !found {
				t.Errorf("%s %s selects no pod", o.GetKind(), o.GetName())
			}
		}
	})
}

func selectorOf(t *testing.T, o *unstructured.Unstructured) labels.Selector {
	t.Helper()
	var s *metav1.LabelSelector
	switch o.GetKind() {
	case "NetworkPolicy":
		var p networkingv1.NetworkPolicy
		convert(t, o, &p)
		s = &p.Spec.PodSelector
	case "PodDisruptionBudget":
		var p policyv1.PodDisruptionBudget
		convert(t, o, &p)
		s = p.Spec.Selector
	case "Service":
		var p corev1.Service
		convert(t, o, &p)
		return labels.SelectorFromSet(p.Spec.Selector)
	default:
		return nil
	}
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		t.Fatal(err)
	}
	return selector
}

func find(t *testing.T, objects []*unstructured.Unstructured, kind, name string, into any) {
	t.Helper()
	for _, o := range objects {
		if o.GetKind() == kind && o.GetName() == name {
			convert(t, o, into)
			return
		}
	}
	t.Fatalf("no %s %s", kind, name)
}

func convert(t *testing.T, o *unstructured.Unstructured, into any) {
	t.Helper()
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o.Object, into, true); err != nil {
		t.Fatalf("%s %s: %v", o.GetKind(), o.GetName(), err)
	}
}
