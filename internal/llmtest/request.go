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

	wire    wire   // that it came over; nil is OpenAI's
	answers string // the model that answers, when it is another one than was asked
}

// Message is one turn.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// ResponseFormat demands a form of the answer.
type ResponseFormat struct {
	Type       string          `json:"type"`
	JSONSchema *Schema         `json:"json_schema"`
	Schema     json.RawMessage `json:"schema"` // beside json_object, as llama.cpp has it
}

// Schema demands an object.
type Schema struct {
	Name   string          `json:"name"`
	Strict bool            `json:"strict"`
	Schema json.RawMessage `json:"schema"`
}

// named is the model that answers, as the answer names it.
func (r Request) named() string {
	if r.answers != "" {
		return r.answers
	}
	return Model + "-2026-11-01"
}

// Form returns the demanded form, "text" when none is.
func (r Request) Form() string {
	switch f := r.ResponseFormat; {
	case f == nil:
		return "text"
	case f.Type == "json_object" && f.Schema != nil:
		return "json_object_schema"
	default:
		return f.Type
	}
}

// Demands is the schema that the server is to enforce, nil for none.
func (r Request) Demands() json.RawMessage {
	switch f := r.ResponseFormat; {
	case f == nil:
		return nil
	case f.JSONSchema != nil:
		return f.JSONSchema.Schema
	default:
		return f.Schema
	}
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

func (r Request) checkForm(grammar bool) error {
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
	case "json_object_schema":
		return checkSchema(r.ResponseFormat.Schema, true)
	case "json_schema", "tool":
		s := r.ResponseFormat.JSONSchema
		if s == nil || s.Name == "" || !s.Strict {
			return errors.New("response_format: expected a named, strict json_schema")
		}
		return checkSchema(s.Schema, grammar)
	}
	return fmt.Errorf("response_format: unknown type %q", r.Form())
}
