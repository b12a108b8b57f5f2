package kube_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	k8stesting "k8s.io/client-go/testing"
)

// Each right is asked for in each namespace; one that the server does not grant is none.
func TestRights(t *testing.T) {
	c, client := cluster()
	client.PrependReactor("create", "selfsubjectaccessreviews", func(a k8stesting.Action) (bool, runtime.Object, error) {
		o := a.(k8stesting.CreateAction).GetObject().(*unstructured.Unstructured).DeepCopy()
		asked, _, _ := unstructured.NestedStringMap(o.Object, "spec", "resourceAttributes")
		if asked["namespace"] == "shop" && asked["resource"] != "services" {
			_ = unstructured.SetNestedField(o.Object, true, "status", "allowed")
		}
		return true, o, nil
	})
	all, err := c.Rights(t.Context(), []string{"shop", "pay"})
	if err != nil || len(all) != 8 {
		t.Fatalf("%+v, %v", all, err)
	}
	for _, r := range all {
		if want := r.Namespace == "shop" && r.Resource != "services"; r.Allowed != want {
			t.Errorf("%+v", r)
		}
	}
	if all, err = c.Rights(t.Context(), nil); err != nil || len(all) != 4 || all[0].Namespace != "" {
		t.Errorf("%+v, %v", all, err)
	}
}
