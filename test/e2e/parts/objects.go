package parts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
)

const (
	fieldManager = "squirrly-test"
	// established bounds how long the server may take to serve a new resource.
	established = 30 * time.Second
)

// ReadObjects decodes every object of YAML documents; empty documents are left out.
func ReadObjects(r io.Reader) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	for d := yaml.NewYAMLOrJSONDecoder(r, 4096); ; {
		var o unstructured.Unstructured
		switch err := d.Decode(&o.Object); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("read object %d: %w", len(all)+1, err)
		case len(o.Object) > 0:
			all = append(all, &o)
		}
	}
}

// Applier sends objects to the server as kubectl apply --server-side does.
type Applier struct {
	client dynamic.Interface
	mapper meta.RESTMapper
}

// Applier acts as the administrator.
func (k *Kube) Applier() (*Applier, error) {
	client, err := dynamic.NewForConfig(k.Config)
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	disco, err := discovery.NewDiscoveryClientForConfig(k.Config)
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	return &Applier{client: client, mapper: restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(disco))}, nil
}

// Apply stores an object and returns it as stored. Fields which the schema does not know are an error.
func (a *Applier) Apply(ctx context.Context, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	return a.apply(ctx, o)
}

// DryRun does all that Apply does, with validation and admission, but stores nothing.
func (a *Applier) DryRun(ctx context.Context, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	return a.apply(ctx, o, metav1.DryRunAll)
}

func (a *Applier) apply(ctx context.Context, o *unstructured.Unstructured, dryRun ...string) (*unstructured.Unstructured, error) {
	name := o.GetKind() + "/" + o.GetName()
	r, err := a.resource(o)
	if err != nil {
		return nil, fmt.Errorf("apply %s: %w", name, err)
	}
	text, err := o.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("apply %s: %w", name, err)
	}
	force := true
	got, err := r.Patch(ctx, o.GetName(), "application/apply-patch+yaml", text, metav1.PatchOptions{
		FieldManager: fieldManager, Force: &force, DryRun: dryRun, FieldValidation: metav1.FieldValidationStrict,
	})
	if err != nil {
		return nil, fmt.Errorf("apply %s: %w", name, err)
	}
	return got, nil
}

func (a *Applier) resource(o *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	gvk := o.GroupVersionKind()
	m, err := a.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, fmt.Errorf("find the resource of %s: %w", gvk, err)
	}
	if m.Scope.Name() == meta.RESTScopeNameRoot {
		return a.client.Resource(m.Resource), nil
	}
	ns := o.GetNamespace()
	if ns == "" {
		ns = metav1.NamespaceDefault
	}
	return a.client.Resource(m.Resource).Namespace(ns), nil
}

// ApplyCRDs stores every custom resource definition of a folder's YAML files and waits until they are served.
func (k *Kube) ApplyCRDs(ctx context.Context, folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.y*ml"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("apply CRDs: no YAML files in %s: %w", folder, errors.Join(err, os.ErrNotExist))
	}
	a, err := k.Applier()
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := a.applyFile(ctx, file); err != nil {
			return fmt.Errorf("apply CRDs of %s: %w", filepath.Base(file), err)
		}
	}
	return nil
}

func (a *Applier) applyFile(ctx context.Context, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err //nolint:wrapcheck // it names the file, and the caller the purpose.
	}
	defer func() { _ = f.Close() }() // read only
	objects, err := ReadObjects(f)
	if err != nil {
		return err
	}
	for _, o := range objects {
		if _, err := a.Apply(ctx, o); err != nil {
			return err
		}
		if err := a.served(ctx, o.GetName()); err != nil {
			return err
		}
	}
	return nil
}

// served waits until the definition is established.
func (a *Applier) served(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, established)
	defer cancel()
	crds := a.client.Resource(schema.GroupVersionResource{
		Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions",
	})
	for {
		o, err := crds.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("wait for %s: %w", name, err)
		}
		if isEstablished(o) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", name, ctx.Err())
		case <-time.After(pollEvery):
		}
	}
}

func isEstablished(o *unstructured.Unstructured) bool {
	conditions, _, _ := unstructured.NestedFieldNoCopy(o.Object, "status", "conditions") // null at first
	all, _ := conditions.([]any)
	return slices.ContainsFunc(all, func(c any) bool {
		m, ok := c.(map[string]any)
		return ok && m["type"] == "Established" && m["status"] == "True"
	})
}
