package api //nolint:testpackage // it compares the document with the routes themselves.

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"squirrly.dev/internal/run"
)

// TestOpenAPI holds the document to the routes, and to the fields of a run.
func TestOpenAPI(t *testing.T) {
	var doc struct {
		Paths      map[string]map[string]any `json:"paths"`
		Components struct {
			Schemas map[string]struct {
				Properties map[string]any `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := yaml.Unmarshal(openAPI, &doc); err != nil {
		t.Fatal(err)
	}
	routes := new(API).routes()
	for path, methods := range doc.Paths {
		for method := range methods {
			if _, ok := routes[strings.ToUpper(method)+" "+path]; !ok && method != "parameters" {
				t.Errorf("%s %s is described, and is not there", method, path)
			}
		}
	}
	for pattern := range routes {
		method, path, _ := strings.Cut(pattern, " ")
		if _, ok := doc.Paths[path][strings.ToLower(method)]; !ok {
			t.Errorf("%s is not described", pattern)
		}
	}
	for schema, of := range map[string]reflect.Type{"Run": reflect.TypeFor[view](), "Summary": reflect.TypeFor[run.Summary]()} {
		var fields []string
		for _, f := range reflect.VisibleFields(of) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			fields = append(fields, name)
		}
		fields = slices.DeleteFunc(fields, func(name string) bool { return name == "v" }) // of stored summaries alone
		for name := range doc.Components.Schemas[schema].Properties {
			if !slices.Contains(fields, name) {
				t.Errorf("a %s has no field %s", schema, name)
			}
		}
		if n := len(doc.Components.Schemas[schema].Properties); n != len(fields) {
			t.Errorf("%d of %d fields of a %s are described", n, len(fields), schema)
		}
	}
}
