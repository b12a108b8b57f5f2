package llm

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
)

// messages speaks the protocol of Anthropic's messages.
type messages struct {
	config  Config
	service anthropic.MessageService
}

// newAnthropic makes a service that takes nothing from the environment, retries nothing and traces nothing itself.
func newAnthropic(c Config, h *http.Client) *messages {
	return &messages{config: c, service: anthropic.NewMessageService(
		option.WithBaseURL(strings.TrimSuffix(strings.TrimRight(c.BaseURL, "/"), "/v1")+"/"), option.WithAPIKey(c.Key),
		option.WithHTTPClient(h), option.WithMaxRetries(0), option.WithRequestTimeout(c.Timeout),
		option.WithoutOpenTelemetry(),
	)}
}

// forms are the structured output of the API, one tool that must be called for models without it, and text.
func (*messages) forms() []string { return []string{FormSchema, FormTool, FormText} }

func (*messages) shows(form string) bool { return form != FormText }

func (m *messages) ask(ctx context.Context, req Request, how manner) (reply, error) {
	params, err := m.params(req, how.form)
	if err != nil {
		return reply{}, err
	}
	said, err := m.service.New(ctx, params)
	if err != nil {
		return reply{}, err //nolint:wrapcheck // the client classifies it.
	}
	out := reply{text: spoken(said), model: said.Model, usage: anthropicUsage(said.Usage)}
	switch said.StopReason {
	case anthropic.StopReasonRefusal:
		out.kind, out.reason = ErrRefused, "stop reason refusal"
	case anthropic.StopReasonMaxTokens:
		out.kind, out.reason = ErrTruncated, afterTokens(out.usage)
	case anthropic.StopReasonModelContextWindowExceeded:
		out.kind, out.reason = ErrContextTooLong, "the context window was full after "+fmt.Sprint(out.usage.Out)+" tokens of the answer"
	}
	return out, nil
}

// params builds the request. No temperature is sent: newer models refuse it.
func (m *messages) params(req Request, form string) (anthropic.MessageNewParams, error) {
	out := anthropic.MessageNewParams{
		Model: m.config.Model, MaxTokens: int64(m.config.MaxOutputTokens), System: []anthropic.TextBlockParam{{Text: req.System}},
	}
	for _, said := range req.Messages {
		turn := anthropic.NewUserMessage(anthropic.NewTextBlock(said.Text))
		if said.Role == RoleAssistant {
			turn = anthropic.NewAssistantMessage(anthropic.NewTextBlock(said.Text))
		}
		out.Messages = append(out.Messages, turn)
	}
	if form == FormText {
		return out, nil
	}
	schema, err := ordered(req.Schema)
	if err != nil {
		return out, err
	}
	if form == FormSchema {
		out.OutputConfig.Format = anthropic.JSONOutputFormatParam{Schema: schema}
		return out, nil
	}
	delete(schema, "type") // which the library writes itself
	tool := anthropic.ToolUnionParamOfTool(anthropic.ToolInputSchemaParam{ExtraFields: schema}, req.SchemaName)
	tool.OfTool.Description = anthropic.String("Takes the answer.")
	out.Tools = []anthropic.ToolUnionParam{tool}
	out.ToolChoice = anthropic.ToolChoiceParamOfTool(req.SchemaName)
	return out, nil
}

// ordered opens a schema and leaves what lies deeper as it is written, so that the model sees properties in our order.
func ordered(schema json.RawMessage) (map[string]any, error) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(schema, &top); err != nil {
		return nil, fmt.Errorf("read the schema of the answer: %w", err)
	}
	out := make(map[string]any, len(top))
	for k, v := range top {
		out[k] = v
	}
	return out, nil
}

// spoken is what the tool was called with, or else the text.
func spoken(said *anthropic.Message) string {
	var text strings.Builder
	for _, block := range said.Content {
		switch block.Type {
		case "tool_use":
			return string(block.Input)
		case "text":
			text.WriteString(block.Text)
		}
	}
	return text.String()
}

// anthropicUsage counts cached tokens as a part of the input, as the other providers do.
func anthropicUsage(u anthropic.Usage) Usage {
	return Usage{
		In:       int(max(0, u.InputTokens) + max(0, u.CacheReadInputTokens) + max(0, u.CacheCreationInputTokens)),
		Out:      int(max(0, u.OutputTokens)),
		CachedIn: int(max(0, u.CacheReadInputTokens)), Reasoning: int(max(0, u.OutputTokensDetails.ThinkingTokens)),
	}
}
