package llmtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// The tightest limits of all strict modes, so that one schema fits everywhere: levels, properties and values of enums are those
// of OpenAI, lists of types that of Anthropic.
const (
	maxLevels     = 10
	maxProperties = 5000
	maxEnum       = 1000
	maxUnions     = 16
)

// schemaNode is what the strict modes know of a schema.
type schemaNode struct {
	Type        json.RawMessage        `json:"type"`
	Description string                 `json:"description"`
	Enum        []string               `json:"enum"`
	Additional  *bool                  `json:"additionalProperties"`
	Required    []string               `json:"required"`
	Properties  map[string]*schemaNode `json:"properties"`
	Items       *schemaNode            `json:"items"`
	MaxItems    *int                   `json:"maxItems"` // the bounds are refused by the strict modes of services
	MaxLength   *int                   `json:"maxLength"`
}

// schemaSize is what a schema adds up to.
type schemaSize struct {
	properties, enum, unions int
	bound                    string // where the first bound of a list or text is; empty for none
}

// checkSchema refuses what any strict mode refuses; a server that makes a grammar of the schema takes bounds, too.
func checkSchema(raw json.RawMessage, grammar bool) error {
	var root schemaNode
	if err := strictly(raw, &root); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	var size schemaSize
	if err := root.strict("$", 0, &size); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	switch {
	case size.bound != "" && !grammar:
		return fmt.Errorf("schema: %s: 'maxItems' and 'maxLength' are not permitted", size.bound)
	case size.properties > maxProperties:
		return fmt.Errorf("schema: %d properties, at most %d are allowed", size.properties, maxProperties)
	case size.enum > maxEnum:
		return fmt.Errorf("schema: %d values of enums, at most %d are allowed", size.enum, maxEnum)
	case size.unions > maxUnions:
		return fmt.Errorf("schema: too many parameters with union types (%d), limit: %d", size.unions, maxUnions)
	}
	return nil
}

func (n *schemaNode) strict(path string, level int, size *schemaSize) error {
	if n == nil {
		return fmt.Errorf("%s: is missing", path)
	}
	if level > maxLevels {
		return fmt.Errorf("%s: more than %d levels", path, maxLevels)
	}
	kind, err := n.kind(size)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	size.enum += len(n.Enum)
	if size.bound == "" && (n.MaxItems != nil || n.MaxLength != nil) {
		size.bound = path
	}
	switch kind {
	case "string", "number", "integer", "boolean":
		return nil
	case "array":
		return n.Items.strict(path+"[]", level, size)
	case "object":
		return n.object(path, level, size)
	}
	return fmt.Errorf("%s: unknown type %q", path, kind)
}

// kind is the type, beside null.
func (n *schemaNode) kind(size *schemaSize) (string, error) {
	var one string
	if json.Unmarshal(n.Type, &one) == nil {
		return one, nil
	}
	var all []string
	if err := json.Unmarshal(n.Type, &all); err != nil || len(all) != 2 || all[1] != "null" {
		return "", fmt.Errorf("type %s is neither a name nor one with null", n.Type)
	}
	size.unions++
	return all[0], nil
}

func (n *schemaNode) object(path string, level int, size *schemaSize) error {
	if n.Additional == nil || *n.Additional {
		return fmt.Errorf("%s: 'additionalProperties' is required to be supplied and to be false", path)
	}
	if len(n.Properties) == 0 {
		return errors.New(path + ": no properties")
	}
	size.properties += len(n.Properties)
	for name, p := range n.Properties {
		if !slices.Contains(n.Required, name) {
			return fmt.Errorf("%s: 'required' has to include every key in properties, missing %s", path, name)
		}
		if err := p.strict(path+"."+name, level+1, size); err != nil {
			return err
		}
	}
	return nil
}
