package llm

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strings"

	"google.golang.org/genai"
)

// gemini speaks the protocol of Google's generateContent.
type gemini struct {
	config Config
	http   *http.Client
}

func newGemini(c Config, h *http.Client) *gemini { return &gemini{config: c, http: h} }

// client makes a client that takes neither key nor URL from the environment: both are given. It retries nothing. With a
// key, making one asks nobody.
func (g *gemini) client(ctx context.Context) (*genai.Client, error) {
	client, err := genai.NewClient(ctx, &genai.ClientConfig{
		APIKey: g.config.Key, Backend: genai.BackendGeminiAPI, HTTPClient: g.http,
		HTTPOptions: genai.HTTPOptions{BaseURL: g.config.BaseURL},
	})
	if err != nil {
		return nil, &Error{Kind: ErrRequest, Message: "the client of Gemini cannot be made"} // the cause may quote the key
	}
	return client, nil
}

func (*gemini) forms() []string { return []string{FormSchema, FormObject, FormText} }

func (*gemini) shows(form string) bool { return form == FormSchema }

func (g *gemini) ask(ctx context.Context, req Request, how manner) (reply, error) {
	contents := make([]*genai.Content, 0, len(req.Messages))
	for _, m := range req.Messages {
		role := genai.Role(genai.RoleUser)
		if m.Role == RoleAssistant {
			role = genai.RoleModel
		}
		contents = append(contents, genai.NewContentFromText(m.Text, role))
	}
	client, err := g.client(ctx)
	if err != nil {
		return reply{}, err
	}
	said, err := client.Models.GenerateContent(ctx, g.config.Model, contents, g.settings(req, how.form))
	if err != nil {
		return reply{}, err //nolint:wrapcheck // the client classifies it.
	}
	out := reply{model: said.ModelVersion, id: said.ResponseID, usage: geminiUsage(said.UsageMetadata)}
	if len(said.Candidates) == 0 || said.Candidates[0] == nil {
		out.kind, out.reason = ErrBadOutput, "no candidates"
		if f := said.PromptFeedback; f != nil && f.BlockReason != "" {
			out.kind, out.reason = ErrRefused, fmt.Sprintf("blocked: %s %s", f.BlockReason, f.BlockReasonMessage)
		}
		return out, nil
	}
	out.text = written(said.Candidates[0])
	out.reason, out.kind = finished(said.Candidates[0], out.usage)
	return out, nil
}

// settings builds the configuration of a call. The schema goes around the library, which would sort its properties, and into
// responseJsonSchema: the older responseSchema knows neither additionalProperties nor lists of types, which make a property
// optional. The library is told not to ask again by itself when an answer is long.
func (g *gemini) settings(req Request, form string) *genai.GenerateContentConfig {
	out := &genai.GenerateContentConfig{
		SystemInstruction:     genai.NewContentFromText(req.System, genai.RoleUser),
		MaxOutputTokens:       int32(min(g.config.MaxOutputTokens, math.MaxInt32)), //nolint:gosec // bounded
		AutomaticContinuation: new(false),
	}
	if form == FormText {
		return out
	}
	out.ResponseMIMEType = "application/json"
	if form == FormSchema {
		out.HTTPOptions = &genai.HTTPOptions{ExtraBody: map[string]any{
			"generationConfig": map[string]any{"responseJsonSchema": req.Schema},
		}}
	}
	return out
}

// written joins the text of a candidate, without its thoughts.
func written(c *genai.Candidate) string {
	var text strings.Builder
	if c.Content == nil {
		return ""
	}
	for _, part := range c.Content.Parts {
		if part != nil && !part.Thought {
			text.WriteString(part.Text)
		}
	}
	return text.String()
}

// finished says why a candidate is no answer.
func finished(c *genai.Candidate, u Usage) (reason string, kind error) {
	switch c.FinishReason {
	case genai.FinishReasonMaxTokens:
		return afterTokens(u), ErrTruncated
	case genai.FinishReasonSafety, genai.FinishReasonRecitation, genai.FinishReasonBlocklist,
		genai.FinishReasonProhibitedContent, genai.FinishReasonSPII, genai.FinishReasonLanguage:
		return "finish reason " + string(c.FinishReason) + " " + c.FinishMessage, ErrRefused
	}
	return "", nil
}

// geminiUsage counts thoughts as a part of the output, as the other providers do.
func geminiUsage(u *genai.GenerateContentResponseUsageMetadata) Usage {
	if u == nil {
		return Usage{}
	}
	return Usage{
		In: int(max(0, u.PromptTokenCount)), Out: int(max(0, u.CandidatesTokenCount) + max(0, u.ThoughtsTokenCount)),
		CachedIn: int(max(0, u.CachedContentTokenCount)), Reasoning: int(max(0, u.ThoughtsTokenCount)),
	}
}
