package llm

import (
	"context"
	"fmt"
	"net/http"

	openai "github.com/sashabaranov/go-openai"
)

// openAI speaks the protocol of OpenAI's chat completions, of OpenAI, Azure and servers that are compatible.
type openAI struct {
	config Config
	ladder []string
	hosted bool // the servers of the maker, which show a schema to the model by themselves
	client *openai.Client
}

func newOpenAI(c Config, h *http.Client) *openAI {
	conf := openai.DefaultConfig(c.Key)
	conf.BaseURL = c.BaseURL
	conf.HTTPClient = withObjectSchema(h)
	known := preset(c.Provider)
	out := &openAI{config: c, ladder: known.forms, client: openai.NewClientWithConfig(conf)}
	if c.Provider == OpenAI {
		if out.hosted = c.BaseURL == known.BaseURL; !out.hosted {
			out.ladder = ownServer
		}
	}
	return out
}

// newAzure asks a deployment, whose name is the model. The key goes into the header api-key.
func newAzure(c Config, h *http.Client) *openAI {
	conf := openai.DefaultAzureConfig(c.Key, c.BaseURL)
	conf.APIVersion = c.APIVersion
	conf.AzureModelMapperFunc = func(deployment string) string { return deployment }
	conf.HTTPClient = h
	return &openAI{config: c, ladder: preset(Azure).forms, hosted: true, client: openai.NewClientWithConfig(conf)}
}

func (o *openAI) forms() []string { return o.ladder }

func (o *openAI) shows(form string) bool { return o.hosted && form == FormSchema }

func (o *openAI) ask(ctx context.Context, req Request, how manner) (reply, error) {
	if how.form == FormObjectSchema {
		ctx = context.WithValue(ctx, objectSchemaKey{}, req.Schema)
	}
	c, err := o.client.CreateChatCompletion(ctx, o.request(req, how))
	if err != nil {
		return reply{}, err //nolint:wrapcheck // the client classifies it.
	}
	out := reply{model: c.Model, usage: openAIUsage(c.Usage)}
	if len(c.Choices) == 0 {
		out.kind, out.reason = ErrBadOutput, "no choices"
		return out, nil
	}
	choice := c.Choices[0]
	out.text = choice.Message.Content
	switch {
	case choice.Message.Refusal != "":
		out.kind, out.reason = ErrRefused, choice.Message.Refusal
	case choice.FinishReason == openai.FinishReasonContentFilter:
		out.kind, out.reason = ErrRefused, "content filter"
	case choice.FinishReason == openai.FinishReasonLength:
		out.kind, out.reason = ErrTruncated, afterTokens(out.usage)
	}
	return out, nil
}

// request builds the request. No temperature is sent: reasoning models refuse it.
func (o *openAI) request(req Request, how manner) openai.ChatCompletionRequest {
	out := openai.ChatCompletionRequest{
		Model:          o.config.Model,
		Messages:       []openai.ChatCompletionMessage{{Role: openai.ChatMessageRoleSystem, Content: req.System}},
		ResponseFormat: &openai.ChatCompletionResponseFormat{Type: openai.ChatCompletionResponseFormatType(how.form)},
	}
	for _, m := range req.Messages {
		out.Messages = append(out.Messages, openai.ChatCompletionMessage{Role: string(m.Role), Content: m.Text})
	}
	switch how.form {
	case FormSchema:
		out.ResponseFormat.JSONSchema = &openai.ChatCompletionResponseFormatJSONSchema{
			Name: req.SchemaName, Schema: req.Schema, Strict: true,
		}
	case FormObjectSchema:
		out.ResponseFormat.Type = openai.ChatCompletionResponseFormatTypeJSONObject
	case FormText:
		out.ResponseFormat = nil
	}
	if how.oldTokens {
		out.MaxTokens = o.config.MaxOutputTokens //nolint:staticcheck // old servers know no other field
	} else {
		out.MaxCompletionTokens = o.config.MaxOutputTokens
	}
	return out
}

func openAIUsage(u openai.Usage) Usage {
	out := Usage{In: max(0, u.PromptTokens), Out: max(0, u.CompletionTokens)}
	if u.PromptTokensDetails != nil {
		out.CachedIn = u.PromptTokensDetails.CachedTokens
	}
	if u.CompletionTokensDetails != nil {
		out.Reasoning = u.CompletionTokensDetails.ReasoningTokens
	}
	return out
}

// afterTokens says where an answer was cut.
func afterTokens(u Usage) string { return fmt.Sprintf("after %d tokens", u.Out) }
