package llm

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
)

// Forms of an answer, as Response.Form names them.
const (
	FormSchema       = "json_schema"        // the server enforces the schema
	FormObjectSchema = "json_object_schema" // the same, in the words of llama.cpp: json_object, with the schema beside it
	FormObject       = "json_object"        // the server enforces JSON
	FormTool         = "tool"               // the one tool that may be called takes the object
	FormText         = "text"               // the prompt alone asks for JSON
)

// enforces reports whether an answer in a form has to follow the schema.
func enforces(form string) bool {
	return form == FormSchema || form == FormObjectSchema || form == FormTool
}

// bounds are those of lists and texts in a schema that was compacted. A name of a property or a text of a description has its
// quotes escaped, or no number behind it.
var bounds = regexp.MustCompile(`"max(Items|Length)":[0-9]+,|,"max(Items|Length)":[0-9]+`)

// demanding is a request as a form takes it. The strict modes of services refuse bounds (Anthropic and Azure), or compile nested
// ones into more states than they serve (Gemini): they get a schema without. The grammars of one's own servers take them, and a
// small model there comes to an end by nothing else.
func (c *client) demanding(req Request, form string) Request {
	if c.bounded || form != FormSchema && form != FormTool {
		return req
	}
	var schema bytes.Buffer
	if json.Compact(&schema, req.Schema) == nil {
		req.Schema = bounds.ReplaceAll(schema.Bytes(), nil)
	}
	return req
}

// telling adds the schema to the instructions of a request when nothing else shows it to the model.
func (c *client) telling(req Request, form string) Request {
	if c.protocol.shows(form) || len(req.Schema) == 0 {
		return req
	}
	var schema bytes.Buffer
	if json.Compact(&schema, req.Schema) != nil {
		return req
	}
	req.System += "\n\nAnswer with one JSON object and nothing else. It follows this JSON schema:\n" + schema.String()
	return req
}

// distrust notes that a server said that it enforces a schema, and did not: from the next question on it is asked in the next
// form of the ladder. The makers of models are trusted.
func (c *client) distrust(req Request, resp Response, rung int32, form string, err error) {
	if c.protocol.shows(form) || !enforces(form) || int(rung) >= len(c.protocol.forms())-1 {
		return
	}
	if errors.Is(err, ErrBadOutput) || err == nil && !follows(req.Schema, resp.Object) {
		c.rung.CompareAndSwap(rung, rung+1)
	}
}

// shape is what a schema of an answer may demand. That a server lets texts grow too long does no harm: they are cut for people.
type shape struct {
	Type       types             `json:"type"`
	Enum       []string          `json:"enum"`
	Required   []string          `json:"required"`
	Properties map[string]*shape `json:"properties"`
	Items      *shape            `json:"items"`
	MaxItems   *int              `json:"maxItems"`
}

// types is one name of a type, or a list of them.
type types []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *types) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = types{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t)) //nolint:wrapcheck // the caller says what is read
}

// follows reports whether a value follows a schema. A schema that cannot be read demands nothing.
func follows(schema, value json.RawMessage) bool {
	var s shape
	var v any
	if json.Unmarshal(schema, &s) != nil {
		return true
	}
	return json.Unmarshal(value, &v) == nil && s.holds(v)
}

func (s *shape) holds(v any) bool {
	if !slices.Contains(s.Type, typeOf(v)) {
		return false
	}
	switch v := v.(type) {
	case string:
		return s.Enum == nil || slices.Contains(s.Enum, v)
	case []any:
		return s.holdsList(v)
	case map[string]any:
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				return false
			}
		}
		for name, item := range v {
			if p := s.Properties[name]; p == nil || !p.holds(item) {
				return false
			}
		}
	}
	return true
}

func (s *shape) holdsList(items []any) bool {
	return (s.MaxItems == nil || len(items) <= *s.MaxItems) && !slices.ContainsFunc(items, func(item any) bool { return !s.Items.holds(item) })
}

func typeOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "number"
}
