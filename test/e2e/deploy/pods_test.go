package deploy_test

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// templates is where a workload keeps its pod.
var templates = map[string][]string{
	"Deployment":  {"spec", "template"},
	"StatefulSet": {"spec", "template"},
	"Job":         {"spec", "template"},
	"CronJob":     {"spec", "jobTemplate", "spec", "template"},
}

// pods are the pods which the workloads among the objects would start, named KIND-NAME.
func pods(t *testing.T, objects []*unstructured.Unstructured) []*corev1.Pod {
	t.Helper()
	var all []*corev1.Pod
	for _, o := range objects {
		path, ok := templates[o.GetKind()]
		if !ok {
			continue
		}
		raw, found, err := unstructured.NestedMap(o.Object, path...)
		if err != nil || !found {
			t.Fatalf("%s %s has no pod template: %v", o.GetKind(), o.GetName(), err)
		}
		var template corev1.PodTemplateSpec
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(raw, &template, true); err != nil {
			t.Fatalf("%s %s: %v", o.GetKind(), o.GetName(), err)
		}
		template.Spec.Volumes = append(template.Spec.Volumes, claims(t, o)...)
		all = append(all, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Name:      strings.ToLower(o.GetKind()) + "-" + o.GetName(),
				Namespace: o.GetNamespace(), Labels: template.Labels,
			},
			Spec: template.Spec,
		})
	}
	if len(all) == 0 {
		t.Fatal("no workloads")
	}
	return all
}

// claims are the volumes that a StatefulSet adds to its pods.
func claims(t *testing.T, o *unstructured.Unstructured) []corev1.Volume {
	t.Helper()
	if o.GetKind() != "StatefulSet" {
		return nil
	}
	var set appsv1.StatefulSet
	convert(t, o, &set)
	var all []corev1.Volume
	for _, c := range set.Spec.VolumeClaimTemplates {
		all = append(all, corev1.Volume{Name: c.Name, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: c.Name + "-" + o.GetName() + "-0"},
		}})
	}
	return all
}
