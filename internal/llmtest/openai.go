package llmtest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// openAI is the protocol of OpenAI's chat completions.
type openAI struct{}

func (openAI) base() string             { return "/v1" }
func (openAI) serves(path string) bool  { return path == "/v1/chat/completions" }
func (openAI) identify(h http.Header)   { h.Set("X-Request-Id", requestID) }
func (openAI) key(h http.Header) string { return strings.TrimPrefix(h.Get("Authorization"), "Bearer ") }

func (p openAI) decode(_ *http.Request, body []byte) (Request, error) {
	r := Request{wire: p}
	if err := strictly(body, &r); err != nil {
		return r, err
	}
	return r, errors.Join(r.check(), r.checkTokens())
}

func (openAI) answer(req Request, s said) object {
	message, finish := object{"role": "assistant", "content": s.text}, "stop"
	switch s.end {
	case cut:
		finish = "length"
	case refused:
		message = object{"role": "assistant", "content": nil, "refusal": "I cannot help with that."}
	}
	choices := []any{object{"index": 0, "message": message, "finish_reason": finish}}
	if s.end == silent {
		choices = []any{}
	}
	in := req.Tokens()
	return object{
		"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": req.named(), "choices": choices,
		"usage": object{
			"prompt_tokens": in, "completion_tokens": 500, "total_tokens": in + 500,
			"prompt_tokens_details":     object{"cached_tokens": 100},
			"completion_tokens_details": object{"reasoning_tokens": 50},
		},
	}
}

func (openAI) trouble(t trouble) fault {
	return map[trouble]fault{
		badKey:       {status: 401, code: "invalid_api_key", message: "Incorrect API key provided"},
		noPath:       {status: 404, code: "not_found", message: "Invalid URL"},
		badRequest:   {status: 400, code: "invalid_request_error"},
		tooLarge:     {status: 413, code: "too_large", message: "The request is too large"},
		limited:      {status: 429, code: "rate_limit_exceeded", message: "Rate limit reached for requests"},
		emptyAccount: {status: 429, code: "insufficient_quota", message: "You exceeded your current quota, please check your plan and billing details."},
		tooLong:      {status: 400, code: "context_length_exceeded", message: "This model's maximum context length is 8192 tokens."},
		filtered:     {status: 400, code: "content_filter", message: "The response was filtered due to the prompt."},
		noModel:      {status: 404, code: "model_not_found", message: "The model does not exist or you do not have access to it."},
	}[t]
}

func (openAI) fault(f fault) object {
	return object{"error": object{"message": f.message, "type": "invalid_request_error", "param": nil, "code": f.code}}
}

func (openAI) unknown(form string) fault {
	return fault{status: 400, message: fmt.Sprintf("response_format type %s is not supported", form)}
}

// azure is the protocol of OpenAI with the paths, the header of the key and the errors of Azure.
type azure struct{ openAI }

const azurePath = "/openai/deployments/" + Model + "/chat/completions"

func (azure) base() string             { return "" }
func (azure) serves(path string) bool  { return path == azurePath }
func (azure) identify(h http.Header)   { h.Set("Apim-Request-Id", requestID) }
func (azure) key(h http.Header) string { return h.Get("Api-Key") }

func (p azure) decode(r *http.Request, body []byte) (Request, error) {
	req, err := p.openAI.decode(r, body)
	req.wire = p
	if version := r.URL.Query().Get("api-version"); version < "2024-08-01" {
		err = errors.Join(err, fmt.Errorf("response_format is enabled only for api versions 2024-08-01-preview and later, not %q", version))
	}
	if r.Header.Get("Authorization") != "" {
		err = errors.Join(err, errors.New("the key is in two headers"))
	}
	return req, err
}

func (p azure) trouble(t trouble) fault {
	switch t {
	case badKey:
		return fault{status: 401, code: "401", message: "Access denied due to invalid subscription key or wrong API endpoint."}
	case limited:
		return fault{status: 429, code: "429", message: "Requests to the ChatCompletions_Create Operation have exceeded the rate limit."}
	case filtered:
		return fault{status: 400, code: "content_filter", message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy."}
	case noModel:
		return fault{status: 404, code: "DeploymentNotFound", message: "The API deployment for this resource does not exist."}
	}
	return p.openAI.trouble(t)
}
