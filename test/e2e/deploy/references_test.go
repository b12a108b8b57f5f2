package deploy_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"squirrly.dev/internal/natsusers"
	"squirrly.dev/test/e2e/parts"
)

// What a pod names must be there, or be one of the documented Secrets with that key.
func TestReferences_Exist(t *testing.T) {
	t.Parallel()
	secrets := documentedSecrets(t)
	rendered(t, func(t *testing.T, objects []*unstructured.Unstructured) {
		have := map[string]bool{}
		for _, o := range objects {
			have[o.GetKind()+" "+o.GetName()] = true
		}
		for name := range secrets {
			have["Secret "+name] = true
		}
		for _, pod := range pods(t, objects) {
			for _, ref := range references(pod) {
				if !have[ref] {
					t.Errorf("%s names %s, which is not there (%v)", pod.Name, ref, keys(have))
				}
			}
			for _, ref := range secretKeys(pod) {
				if secrets[ref.Name][ref.Key] == "" {
					t.Errorf("%s reads key %s of Secret %s, which is not documented", pod.Name, ref.Key, ref.Name)
				}
			}
		}
	})
}

func references(pod *corev1.Pod) []string {
	all := []string{"ServiceAccount " + pod.Spec.ServiceAccountName}
	for _, v := range pod.Spec.Volumes {
		switch {
		case v.Secret != nil:
			all = append(all, "Secret "+v.Secret.SecretName)
		case v.Projected != nil:
			for _, source := range v.Projected.Sources {
				if source.Secret != nil {
					all = append(all, "Secret "+source.Secret.Name)
				}
				if source.ConfigMap != nil {
					all = append(all, "ConfigMap "+source.ConfigMap.Name)
				}
			}
		case v.ConfigMap != nil:
			all = append(all, "ConfigMap "+v.ConfigMap.Name)
		case v.PersistentVolumeClaim != nil && !strings.HasPrefix(pod.Name, "statefulset-"): // whose claims come from a template
			all = append(all, "PersistentVolumeClaim "+v.PersistentVolumeClaim.ClaimName)
		}
	}
	for _, c := range pod.Spec.Containers {
		for _, from := range c.EnvFrom {
			all = append(all, "ConfigMap "+from.ConfigMapRef.Name)
		}
	}
	return all
}

type secretKey struct{ Name, Key string }

// secretKeys are the keys of Secrets which a pod reads: from environment variables, and from files that its
// environment names.
func secretKeys(pod *corev1.Pod) []secretKey {
	var all []secretKey
	mounted := map[string]string{} // folder → Secret
	for _, v := range pod.Spec.Volumes {
		for _, m := range pod.Spec.Containers[0].VolumeMounts {
			if v.Secret != nil && m.Name == v.Name {
				mounted[m.MountPath] = v.Secret.SecretName
			}
		}
	}
	for _, e := range pod.Spec.Containers[0].Env {
		if ref := e.ValueFrom; ref != nil && ref.SecretKeyRef != nil {
			all = append(all, secretKey{ref.SecretKeyRef.Name, ref.SecretKeyRef.Key})
		}
		if secret := mounted[filepath.Dir(e.Value)]; secret != "" {
			all = append(all, secretKey{secret, filepath.Base(e.Value)})
		}
	}
	return all
}

// documentedSecrets are those of the example, and those that `squirrly nats-users` makes.
func documentedSecrets(t *testing.T) map[string]map[string]string {
	t.Helper()
	root, err := parts.Root()
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile(filepath.Join(root, "deploy", "k8s", "secrets.example.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	users, err := natsusers.Prepare(t.TempDir(), "squirrly", natsusers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	made, err := users.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	objects, err := parts.ReadObjects(io.MultiReader(bytes.NewReader(example), strings.NewReader("\n---\n"), bytes.NewReader(made)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]string{}
	for _, o := range objects {
		var s corev1.Secret
		convert(t, o, &s)
		all[s.Name] = s.StringData
	}
	return all
}
