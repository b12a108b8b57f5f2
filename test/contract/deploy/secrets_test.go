package deploy_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"squirrly.dev/internal/placeholder"
)

// Every value of the example of the Secrets is one that no process starts with.
func TestSecrets_ExampleIsRefused(t *testing.T) {
	all := 0
	for d := yaml.NewDecoder(strings.NewReader(read(t, "deploy/k8s/secrets.example.yaml"))); ; {
		var s struct {
			Metadata   struct{ Name string }
			Data       map[string]string
			StringData map[string]string `yaml:"stringData"`
		}
		err := d.Decode(&s)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(s.Data) > 0 {
			t.Fatalf("%v, %v", s.Data, err)
		}
		for key, value := range s.StringData {
			all++
			if !placeholder.Is(value) {
				t.Errorf("%s of %s: %q is taken for a value", key, s.Metadata.Name, value)
			}
		}
	}
	if all < 10 {
		t.Errorf("%d values", all)
	}
}
