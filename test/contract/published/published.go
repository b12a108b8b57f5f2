// Package published checks documents against the JSON Schemas that pkg/events publishes, as their readers would. It knows
// the files alone: the Go types that they were made from do not belong here.
package published

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Base is where the ids of the schemas begin.
const Base = "https://squirrly.dev/pkg/events/schemas/"

// Schemas are published schemas by the name of their file without the suffix.
type Schemas map[string]*jsonschema.Schema

// Load compiles the schemas in a folder. Formats, such as that of times, are checked too.
func Load(dir string) (Schemas, error) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("find the schemas: %w", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return nil, fmt.Errorf("read a schema: %w", err)
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		if err := c.AddResource(Base+f.Name(), doc); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
	}
	all := Schemas{}
	for _, f := range files {
		s, err := c.Compile(Base + f.Name())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		all[strings.TrimSuffix(f.Name(), ".json")] = s
	}
	return all, nil
}

// Validate checks a JSON document against the schema of a name. The error names the places that are wrong.
func (s Schemas) Validate(name, doc string) error {
	schema := s[name]
	if schema == nil {
		return fmt.Errorf("there is no schema %s", name)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(doc))
	if err != nil {
		return fmt.Errorf("no JSON: %w", err)
	}
	return schema.Validate(v) //nolint:wrapcheck // it names the places.
}
