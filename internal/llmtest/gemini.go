package llmtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// gemini is the protocol of Google's generateContent.
type gemini struct{}

const (
	geminiPrefix = "/v1beta/models/"
	geminiCall   = ":generateContent"
)

func (gemini) base() string             { return "" }
func (gemini) identify(http.Header)     {} // the id is in the body
func (gemini) key(h http.Header) string { return h.Get("X-Goog-Api-Key") }

func (gemini) serves(path string) bool {
	return strings.HasPrefix(path, geminiPrefix) && strings.HasSuffix(path, geminiCall)
}

type content struct {
	Role  string `json:"role"`
	Parts []struct {
		Text string `json:"text"`
	} `json:"parts"`
}

func (p gemini) decode(r *http.Request, body []byte) (Request, error) {
	var in struct {
		SystemInstruction content   `json:"systemInstruction"`
		Contents          []content `json:"contents"`
		GenerationConfig  struct {
			MaxOutputTokens    int             `json:"maxOutputTokens"`
			ResponseMIMEType   string          `json:"responseMimeType"`
			ResponseJSONSchema json.RawMessage `json:"responseJsonSchema"`
		} `json:"generationConfig"`
	}
	out := Request{wire: p}
	if err := strictly(body, &in); err != nil {
		return out, err
	}
	out.Model = strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, geminiPrefix), geminiCall)
	out.MaxTokens = in.GenerationConfig.MaxOutputTokens
	in.SystemInstruction.Role = "system"
	var err error
	for _, c := range append([]content{in.SystemInstruction}, in.Contents...) {
		err = errors.Join(err, out.turn(c))
	}
	switch g := in.GenerationConfig; {
	case g.ResponseMIMEType == "application/json" && g.ResponseJSONSchema != nil:
		out.ResponseFormat = &ResponseFormat{Type: "json_schema", JSONSchema: &Schema{Name: "schema", Strict: true, Schema: g.ResponseJSONSchema}}
	case g.ResponseMIMEType == "application/json":
		out.ResponseFormat = &ResponseFormat{Type: "json_object"}
	case g.ResponseMIMEType != "" || g.ResponseJSONSchema != nil:
		err = errors.Join(err, errors.New("a schema needs response_mime_type application/json"))
	}
	return out, errors.Join(err, out.check())
}

// turn notes what is said in a content.
func (r *Request) turn(c content) error {
	roles := map[string]string{"system": "system", "user": "user", "model": "assistant"}
	if len(c.Parts) != 1 || roles[c.Role] == "" {
		return fmt.Errorf("contents: role %q with %d parts", c.Role, len(c.Parts))
	}
	r.Messages = append(r.Messages, Message{Role: roles[c.Role], Content: c.Parts[0].Text})
	return nil
}

func (gemini) answer(req Request, s said) object {
	finish := "STOP"
	if s.end == cut {
		finish = "MAX_TOKENS"
	}
	thought := object{"text": `I should answer {"x": 1}.`, "thought": true}
	out := object{
		"responseId": requestID, "modelVersion": req.named(),
		"usageMetadata": object{
			"promptTokenCount": req.Tokens(), "cachedContentTokenCount": 100, "candidatesTokenCount": 450, "thoughtsTokenCount": 50,
			"totalTokenCount": req.Tokens() + 500,
		},
	}
	switch s.end {
	case refused:
		out["promptFeedback"] = object{"blockReason": "PROHIBITED_CONTENT"}
	case whole, cut:
		out["candidates"] = []any{object{
			"index": 0, "finishReason": finish,
			"content": object{"role": "model", "parts": []any{thought, object{"text": s.text}}},
		}}
	}
	return out
}

func (gemini) trouble(t trouble) fault {
	return map[trouble]fault{
		badKey: {
			status: 400, code: "INVALID_ARGUMENT", message: "API key not valid. Please pass a valid API key.",
			details: []any{object{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}},
		},
		noPath:       {status: 404, code: "NOT_FOUND", message: "Requested entity was not found."},
		badRequest:   {status: 400, code: "INVALID_ARGUMENT"},
		tooLarge:     {status: 413, code: "INVALID_ARGUMENT", message: "Request payload size exceeds the limit"},
		limited:      {status: 429, code: "RESOURCE_EXHAUSTED", message: "You exceeded your current quota, please check your plan and billing details."},
		emptyAccount: {status: 429, code: "RESOURCE_EXHAUSTED", message: "You exceeded your current quota, please check your plan and billing details."},
		tooLong:      {status: 400, code: "INVALID_ARGUMENT", message: "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."},
		filtered:     {status: 400, code: "INVALID_ARGUMENT", message: "The prompt was blocked: content_filter."},
		noModel:      {status: 404, code: "NOT_FOUND", message: "models/" + Model + " is not found for API version v1beta, or is not supported for generateContent."},
	}[t]
}

func (gemini) fault(f fault) object {
	e := object{"code": f.status, "message": f.message, "status": f.code}
	if f.details != nil {
		e["details"] = f.details
	}
	return object{"error": e}
}

func (gemini) unknown(form string) fault {
	f := fault{status: 400, code: "INVALID_ARGUMENT", message: "JSON mode is not enabled for this model"}
	if form == "json_schema" {
		f.message = `Invalid JSON payload received. Unknown name "responseJsonSchema" at 'generation_config': Cannot find field.`
	}
	return f
}
