package llmtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// anthropic is the protocol of Anthropic's messages.
type anthropic struct{}

func (anthropic) base() string             { return "" }
func (anthropic) serves(path string) bool  { return path == "/v1/messages" }
func (anthropic) identify(h http.Header)   { h.Set("Request-Id", requestID) }
func (anthropic) key(h http.Header) string { return h.Get("X-Api-Key") }

type textBlock struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type messagesRequest struct {
	Model     string      `json:"model"`
	MaxTokens int         `json:"max_tokens"`
	System    []textBlock `json:"system"`
	Messages  []struct {
		Role    string      `json:"role"`
		Content []textBlock `json:"content"`
	} `json:"messages"`
	OutputConfig *struct {
		Format *struct {
			Type   string          `json:"type"`
			Schema json.RawMessage `json:"schema"`
		} `json:"format"`
	} `json:"output_config"`
	Tools []struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		InputSchema json.RawMessage `json:"input_schema"`
	} `json:"tools"`
	ToolChoice *struct {
		Type string `json:"type"`
		Name string `json:"name"`
	} `json:"tool_choice"`
}

func (p anthropic) decode(r *http.Request, body []byte) (Request, error) {
	var in messagesRequest
	out := Request{wire: p}
	if err := strictly(body, &in); err != nil {
		return out, err
	}
	out.Model, out.MaxTokens = in.Model, in.MaxTokens
	for _, b := range in.System {
		out.Messages = append(out.Messages, Message{Role: "system", Content: b.Text})
	}
	for _, m := range in.Messages {
		for _, b := range m.Content {
			out.Messages = append(out.Messages, Message{Role: m.Role, Content: b.Text})
		}
	}
	err := in.form(&out)
	if r.Header.Get("Anthropic-Version") != "2023-06-01" {
		err = errors.Join(err, errors.New("anthropic-version: header is required"))
	}
	if in.MaxTokens <= 0 {
		err = errors.Join(err, errors.New("max_tokens: Field required"))
	}
	return out, errors.Join(err, out.check())
}

// form notes the demanded form.
func (in messagesRequest) form(out *Request) error {
	switch {
	case in.OutputConfig != nil && in.OutputConfig.Format != nil && in.Tools == nil:
		f := in.OutputConfig.Format
		out.ResponseFormat = &ResponseFormat{Type: f.Type, JSONSchema: &Schema{Name: "format", Strict: true, Schema: f.Schema}}
	case len(in.Tools) == 1 && in.ToolChoice != nil && in.OutputConfig == nil:
		t := in.Tools[0]
		out.ResponseFormat = &ResponseFormat{Type: "tool", JSONSchema: &Schema{Name: t.Name, Strict: true, Schema: t.InputSchema}}
		if in.ToolChoice.Type != "tool" || in.ToolChoice.Name != t.Name {
			return errors.New("tool_choice: the tool does not exist")
		}
	case in.OutputConfig != nil || in.Tools != nil || in.ToolChoice != nil:
		return errors.New("output_config, tools and tool_choice do not fit each other")
	}
	return nil
}

func (anthropic) answer(req Request, s said) object {
	content, stop := []any{textBlock{"text", s.text}}, "end_turn"
	var given json.RawMessage
	if req.Form() == "tool" && s.end == whole && json.Unmarshal([]byte(s.text), &given) == nil {
		content = []any{object{"type": "tool_use", "id": "toolu_1", "name": req.ResponseFormat.JSONSchema.Name, "input": given}}
		stop = "tool_use"
	}
	switch s.end {
	case cut:
		stop = "max_tokens"
	case refused:
		content, stop = []any{}, "refusal"
	case silent:
		content = []any{}
	}
	return object{
		"id": "msg_1", "type": "message", "role": "assistant", "model": req.named(), "content": content,
		"stop_reason": stop, "stop_sequence": nil,
		"usage": object{
			"input_tokens": req.Tokens(), "cache_read_input_tokens": 100, "cache_creation_input_tokens": 0, "output_tokens": 500,
			"output_tokens_details": object{"thinking_tokens": 50},
		},
	}
}

func (anthropic) trouble(t trouble) fault {
	return map[trouble]fault{
		badKey:       {status: 401, code: "authentication_error", message: "invalid x-api-key"},
		noPath:       {status: 404, code: "not_found_error", message: "Not found"},
		badRequest:   {status: 400, code: "invalid_request_error"},
		tooLarge:     {status: 413, code: "request_too_large", message: "Request exceeds the maximum size"},
		limited:      {status: 429, code: "rate_limit_error", message: "This request would exceed your organization's rate limit."},
		emptyAccount: {status: 400, code: "invalid_request_error", message: "Your credit balance is too low to access the Anthropic API."},
		tooLong:      {status: 400, code: "invalid_request_error", message: "prompt is too long: 210000 tokens > 200000 maximum"},
		filtered:     {status: 400, code: "invalid_request_error", message: "Output blocked by content filtering policy"},
		noModel:      {status: 404, code: "not_found_error", message: "model: " + Model},
	}[t]
}

func (anthropic) fault(f fault) object {
	return object{"type": "error", "error": object{"type": f.code, "message": f.message}, "request_id": requestID}
}

func (anthropic) unknown(form string) fault {
	f := fault{status: 400, code: "invalid_request_error"}
	switch form {
	case "json_schema":
		f.message = "output_config.format: this model does not support structured outputs"
	case "tool":
		f.message = "tool_choice: this model does not support tools"
	default:
		f.message = fmt.Sprintf("the form %s is not one of this API", form)
	}
	return f
}
