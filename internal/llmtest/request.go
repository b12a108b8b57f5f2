package llmtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Request is what the server was asked: in the form of OpenAI's protocol, whichever it came over.
type Request struct {
	Model               string          `json:"model"`
	Messages            []Message       `json:"messages"`
	MaxTokens           int             `json:"max_tokens"`
	MaxCompletionTokens int             `json:"max_completion_tokens"`
	ResponseFormat      *ResponseFormat `json:"response_format"`
	Stream              bool            `json:"stream"`

	wire wire // that it came over; nil is OpenAI's
}

// Message is one turn.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// ResponseFormat demands a form of the answer.
type ResponseFormat struct {
	Type       string  `json:"type"`
	JSONSchema *Schema `json:"json_schema"`
}

// Schema demands an object.
type Schema struct {
	Name   string          `json:"name"`
	Strict bool            `json:"strict"`
	Schema json.RawMessage `json:"schema"`
}

// Form returns the demanded form, "text" when none is.
func (r Request) Form() string {
	if r.ResponseFormat == nil {
		return "text"
	}
	return r.ResponseFormat.Type
}

func (r Request) check() error {
	switch {
	case r.Model != Model:
		return fmt.Errorf("the model %q does not exist", r.Model)
	case r.Stream:
		return errors.New("stream is not supported")
	case len(r.Messages) < 2 || r.Messages[0].Role != "system":
		return errors.New("messages: expected a system message first and a user message after it")
	case r.Messages[len(r.Messages)-1].Role != "user":
		return errors.New("messages: the last one is not the user's")
	}
	for _, m := range r.Messages {
		if m.Content == "" || !slices.Contains([]string{"system", "user", "assistant"}, m.Role) {
			return fmt.Errorf("messages: role %q with %d bytes", m.Role, len(m.Content))
		}
	}
	return nil
}

func (r Request) checkTokens() error {
	if (r.MaxTokens > 0) == (r.MaxCompletionTokens > 0) {
		return errors.New("expected one of max_tokens and max_completion_tokens")
	}
	return nil
}

func (r Request) checkForm() error {
	switch r.Form() {
	case "text":
		return nil
	case "json_object":
		for _, m := range r.Messages {
			if bytes.Contains([]byte(m.Content), []byte("JSON")) {
				return nil
			}
		}
		return errors.New("'messages' must contain the word 'json' to use 'response_format' of type 'json_object'")
	case "json_schema", "tool":
		s := r.ResponseFormat.JSONSchema
		if s == nil || s.Name == "" || !s.Strict {
			return errors.New("response_format: expected a named, strict json_schema")
		}
		var root schemaNode
		if err := json.Unmarshal(s.Schema, &root); err != nil {
			return fmt.Errorf("response_format: schema: %w", err)
		}
		return root.strict("$")
	}
	return fmt.Errorf("response_format: unknown type %q", r.Form())
}

// schemaNode is what strict mode demands of a schema.
type schemaNode struct {
	Type       string                 `json:"type"`
	Additional *bool                  `json:"additionalProperties"`
	Required   []string               `json:"required"`
	Properties map[string]*schemaNode `json:"properties"`
	Items      *schemaNode            `json:"items"`
}

func (n *schemaNode) strict(path string) error {
	switch n.Type {
	case "string", "number", "integer", "boolean":
		return nil
	case "array":
		if n.Items == nil {
			return fmt.Errorf("schema: %s: items are missing", path)
		}
		return n.Items.strict(path + "[]")
	case "object":
	default:
		return fmt.Errorf("schema: %s: unknown type %q", path, n.Type)
	}
	if n.Additional == nil || *n.Additional {
		return fmt.Errorf("schema: %s: 'additionalProperties' is required to be supplied and to be false", path)
	}
	for name, p := range n.Properties {
		if !slices.Contains(n.Required, name) {
			return fmt.Errorf("schema: %s: 'required' has to include every key in properties, missing %s", path, name)
		}
		if err := p.strict(path + "." + name); err != nil {
			return err
		}
	}
	return nil
}
