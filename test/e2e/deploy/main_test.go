// Package deploy_test checks the manifests under deploy/ and examples/ on a real Kubernetes API server.
package deploy_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"squirrly.dev/test/e2e/parts"
)

// cluster is the API server of all tests here, with the namespace "squirrly" of the base in it.
var cluster *parts.Kube

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (int, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	dir, err := os.MkdirTemp("", "squirrly-deploy-")
	if err != nil {
		return 0, fmt.Errorf("make a folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if cluster, err = parts.StartKube(ctx, dir); err != nil {
		return 0, err
	}
	defer cluster.Stop()
	if err := setUp(ctx); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// setUp stores the custom resources of Flink, and the namespaces and access rules of the base.
func setUp(ctx context.Context) error {
	if err := cluster.ApplyCRDs(ctx, crds()); err != nil {
		return err
	}
	a, err := cluster.Applier()
	if err != nil {
		return err
	}
	base, err := render("base")
	if err != nil {
		return err
	}
	oneshot, err := render("oneshot")
	if err != nil {
		return err
	}
	for _, o := range slices.Concat(base, oneshot) {
		switch o.GetKind() {
		case "Namespace", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding":
			if _, err := a.Apply(ctx, o); err != nil {
				return err
			}
		}
	}
	return nil
}

// crds is the folder with the definitions of Flink's resources.
func crds() string {
	if folder := os.Getenv("SQUIRRLY_FLINK_CRDS"); folder != "" {
		return folder
	}
	return filepath.Join("..", "testdata", "crds")
}

// render builds one kustomization under deploy/k8s, the namespace first. What names no namespace of its own gets that
// of Squirrly, since Pod Security is enforced there.
func render(name string) ([]*unstructured.Unstructured, error) {
	root, err := parts.Root()
	if err != nil {
		return nil, err
	}
	return build(filepath.Join(root, "deploy", "k8s", name))
}

// build is render for a folder anywhere.
func build(name string) ([]*unstructured.Unstructured, error) {
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), name)
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	text, err := resources.AsYaml()
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	objects, err := parts.ReadObjects(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	slices.SortStableFunc(objects, func(a, b *unstructured.Unstructured) int {
		return rank(a) - rank(b)
	})
	for _, o := range objects {
		if o.GetNamespace() == "" && !clusterWide[o.GetKind()] {
			o.SetNamespace("squirrly")
		}
	}
	return objects, nil
}

var clusterWide = map[string]bool{"Namespace": true, "ClusterRole": true, "ClusterRoleBinding": true}

func rank(o *unstructured.Unstructured) int {
	if o.GetKind() == "Namespace" {
		return 0
	}
	return 1
}

// rendered calls check once for each kustomization that users apply.
func rendered(t *testing.T, check func(t *testing.T, objects []*unstructured.Unstructured)) {
	t.Helper()
	for _, name := range []string{"base", "overlays/dev", "overlays/prod", "overlays/gateway", "oneshot", "nightly"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects, err := render(name)
			if err != nil {
				t.Fatal(err)
			}
			check(t, objects)
		})
	}
}

// keys is the sorted set of a map's keys.
func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
