package llm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	openai "github.com/sashabaranov/go-openai"
)

// OpenAI asks OpenAI, or a server that is compatible with it.
type OpenAI struct {
	config    Config
	client    *openai.Client
	form      atomic.Int32 // rung of the ladder that the server accepts
	oldTokens atomic.Bool  // the server knows max_tokens only
}

// forms is the ladder: how the object is demanded, the best first.
var forms = []openai.ChatCompletionResponseFormatType{
	openai.ChatCompletionResponseFormatTypeJSONSchema,
	openai.ChatCompletionResponseFormatTypeJSONObject,
	openai.ChatCompletionResponseFormatTypeText,
}

// NewOpenAI returns a provider. The requests go through base, which may be nil; retries and limits are laid around it.
func NewOpenAI(config Config, base http.RoundTripper) (*OpenAI, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, err
	}
	if base == nil {
		base = http.DefaultTransport
	}
	c := openai.DefaultConfig(config.Key)
	c.BaseURL = config.BaseURL
	c.HTTPClient = &http.Client{
		Transport: retrying(base, config.Attempts, config.Backoff, config.MaxWait),
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("the provider redirects, which is not followed: a prompt goes to the configured host only")
		},
	}
	return &OpenAI{config: config, client: openai.NewClientWithConfig(c)}, nil
}

// Name implements Provider.
func (*OpenAI) Name() string { return "openai" }

// Complete implements Provider. A server that does not know strict JSON schemas is asked for any JSON object, and one
// that does not know this either for text; what it accepted is remembered.
func (o *OpenAI) Complete(ctx context.Context, req Request) (Response, error) {
	start := time.Now()
	timed, cancel := context.WithTimeout(ctx, o.config.Timeout)
	defer cancel()
	for {
		form, old := o.form.Load(), o.oldTokens.Load()
		resp, err := o.client.CreateChatCompletion(timed, o.request(req, form, old))
		if err == nil {
			return o.response(resp, form, start)
		}
		if timed.Err() == nil && o.stepDown(err, form, old) {
			continue
		}
		if ctx.Err() != nil {
			return Response{}, fmt.Errorf("ask %s: %w", o.config, ctx.Err())
		}
		return Response{}, fmt.Errorf("ask %s: %w", o.config, o.classify(err, resp.Header()))
	}
}

// request builds the request for one rung of the ladder. No temperature is sent: reasoning models refuse it.
func (o *OpenAI) request(req Request, form int32, old bool) openai.ChatCompletionRequest {
	out := openai.ChatCompletionRequest{
		Model:          o.config.Model,
		Messages:       []openai.ChatCompletionMessage{{Role: openai.ChatMessageRoleSystem, Content: req.System}},
		ResponseFormat: &openai.ChatCompletionResponseFormat{Type: forms[form]},
	}
	for _, m := range req.Messages {
		out.Messages = append(out.Messages, openai.ChatCompletionMessage{Role: string(m.Role), Content: m.Text})
	}
	switch forms[form] {
	case openai.ChatCompletionResponseFormatTypeJSONSchema:
		out.ResponseFormat.JSONSchema = &openai.ChatCompletionResponseFormatJSONSchema{
			Name: req.SchemaName, Schema: req.Schema, Strict: true,
		}
	case openai.ChatCompletionResponseFormatTypeText:
		out.ResponseFormat = nil
	}
	if old {
		out.MaxTokens = o.config.MaxOutputTokens //nolint:staticcheck // old servers know no other field
	} else {
		out.MaxCompletionTokens = o.config.MaxOutputTokens
	}
	return out
}

// response checks the one choice of a completion.
func (o *OpenAI) response(c openai.ChatCompletionResponse, form int32, start time.Time) (Response, error) {
	id := c.Header().Get("X-Request-Id")
	fail := func(kind error, message string) (Response, error) {
		e := &Error{Kind: kind, Status: http.StatusOK, Message: o.scrub(message), RequestID: o.scrub(id)}
		return Response{Usage: usage(c.Usage), Model: c.Model}, fmt.Errorf("ask %s: %w", o.config, e)
	}
	if len(c.Choices) == 0 {
		return fail(ErrBadOutput, "no choices")
	}
	choice := c.Choices[0]
	switch {
	case choice.Message.Refusal != "":
		return fail(ErrRefused, choice.Message.Refusal)
	case choice.FinishReason == openai.FinishReasonContentFilter:
		return fail(ErrRefused, "content filter")
	case choice.FinishReason == openai.FinishReasonLength:
		return fail(ErrTruncated, fmt.Sprintf("after %d tokens", c.Usage.CompletionTokens))
	}
	object := extract(choice.Message.Content)
	if object == nil {
		return fail(ErrBadOutput, "no JSON object in the text")
	}
	return Response{
		Object: object, Model: c.Model, RequestID: id, Form: string(forms[form]), Usage: usage(c.Usage),
		Latency: time.Since(start),
	}, nil
}

func usage(u openai.Usage) Usage {
	out := Usage{In: max(0, u.PromptTokens), Out: max(0, u.CompletionTokens)}
	if u.PromptTokensDetails != nil {
		out.CachedIn = u.PromptTokensDetails.CachedTokens
	}
	if u.CompletionTokensDetails != nil {
		out.Reasoning = u.CompletionTokensDetails.ReasoningTokens
	}
	return out
}
