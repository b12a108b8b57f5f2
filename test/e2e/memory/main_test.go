// Package memory_test measures how much memory the collector and the analyzer take at most, as processes of their own with
// the settings of the manifests, while targets send them more than they can hold. See docs/limits.md.
package memory_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"squirrly.dev/test/e2e/parts"
)

// bin is the folder with the binaries under test; TestMain builds them.
var bin, root string

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	if root, err = parts.Root(); err != nil {
		return 0, err
	}
	dir, remove, err := parts.Build(context.Background(), "./services/collector/cmd/collector", "./services/analyzer/cmd/analyzer")
	if err != nil {
		return 0, err
	}
	defer remove()
	bin = dir
	return m.Run(), nil
}

// manifest is what the base says of a service.
type manifest struct {
	limit int64    // of memory, in bytes
	tmp   int64    // of files in /tmp, in bytes
	env   []string // with a value of its own
}

// readManifest reads the Deployment of a service.
func readManifest(t *testing.T, service string) manifest {
	t.Helper()
	f, err := os.Open(filepath.Join(root, "deploy", "k8s", "base", service, service+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	objects, err := parts.ReadObjects(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if o.GetKind() != "Deployment" {
			continue
		}
		var d appsv1.Deployment
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &d); err != nil {
			t.Fatal(err)
		}
		pod := d.Spec.Template.Spec
		m := manifest{limit: pod.Containers[0].Resources.Limits.Memory().Value()}
		for _, e := range pod.Containers[0].Env {
			if e.Name == "GOMEMLIMIT" || e.Name == "SQUIRRLY_SLOTS" {
				m.env = append(m.env, e.Name+"="+e.Value)
			}
		}
		for _, v := range pod.Volumes {
			if v.Name == "tmp" {
				m.tmp = v.EmptyDir.SizeLimit.Value()
			}
		}
		if m.limit == 0 || m.tmp == 0 || len(m.env) != 2 {
			t.Fatalf("the manifest of %s says %+v", service, m)
		}
		return m
	}
	t.Fatalf("no Deployment of %s", service)
	return manifest{}
}
