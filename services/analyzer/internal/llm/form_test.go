package llm_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/llmtest"
	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/llm"
)

// told is what stands before the schema in the instructions.
const told = "It follows this JSON schema:"

// ladders are the forms in which each provider is asked, the best first.
var ladders = map[string][]string{
	llm.OpenAI:         {llm.FormSchema, llm.FormObjectSchema, llm.FormObject, llm.FormText}, // at a URL of one's own
	llm.Azure:          {llm.FormSchema, llm.FormObject, llm.FormText},
	llm.Anthropic:      {llm.FormSchema, llm.FormTool, llm.FormText},
	llm.Gemini:         {llm.FormSchema, llm.FormObject, llm.FormText},
	"openrouter":       {llm.FormSchema, llm.FormObject, llm.FormText},
	"litellm":          {llm.FormSchema, llm.FormObject, llm.FormText},
	"ollama":           {llm.FormSchema, llm.FormObject, llm.FormText},
	"vllm":             {llm.FormSchema, llm.FormObject, llm.FormText},
	"lmstudio":         {llm.FormSchema, llm.FormText},
	"llamacpp":         {llm.FormSchema, llm.FormObjectSchema, llm.FormObject, llm.FormText},
	"llama-cpp-python": {llm.FormObjectSchema, llm.FormObject, llm.FormText},
}

// showing are the forms in which the makers' own servers show a schema to the model.
var showing = map[string][]string{
	llm.Azure: {llm.FormSchema}, llm.Anthropic: {llm.FormSchema, llm.FormTool}, llm.Gemini: {llm.FormSchema},
}

// bounding are the servers that make a grammar of a schema with its bounds.
var bounding = []string{"llamacpp", "llama-cpp-python", "lmstudio", "ollama", "vllm"}

// TestForms walks down the ladder of every provider. In each form the schema reaches the server, the model, or both: never
// nobody, and where the server shows it by itself it does not cost a second time.
func TestForms(t *testing.T) {
	for _, name := range llm.Names() {
		ladder, ok := ladders[name]
		if !ok {
			t.Errorf("%s has no ladder here", name)
		}
		for i, form := range ladder {
			s := llmtest.NewServer(llmtest.Without(llmtest.Fixed(object), ladder[:i]...))
			s.Grammar.Store(slices.Contains(bounding, name))
			got, err := provider(t, name, s, nil).Complete(t.Context(), request)
			if err != nil || got.Form != form {
				t.Errorf("%s, %d: form %q, want %q: %v", name, i, got.Form, form, err)
				continue
			}
			sane(t, s)
			req := s.Requests()[i]
			enforced := form == llm.FormSchema || form == llm.FormObjectSchema || form == llm.FormTool
			if enforced != (req.Demands() != nil) || req.Form() != form {
				t.Errorf("%s, %s: the server gets the form %s and the schema %.40s", name, form, req.Form(), req.Demands())
			}
			want := decoded(t, claim.Schema())
			if (form == llm.FormSchema || form == llm.FormTool) && !slices.Contains(bounding, name) {
				unbounded(want)
			}
			if enforced {
				if diff := cmp.Diff(want, decoded(t, req.Demands())); diff != "" {
					t.Errorf("%s, %s: schema (-want +got):\n%s", name, form, diff)
				}
			}
			said := strings.Contains(req.Messages[0].Content, told)
			if said == slices.Contains(showing[name], form) {
				t.Errorf("%s, %s: the schema is in the instructions: %v", name, form, said)
			}
			_, text, _ := strings.Cut(req.Messages[0].Content, told)
			if said && cmp.Diff(want, decoded(t, json.RawMessage(text))) != "" {
				t.Errorf("%s, %s: another schema is in the instructions: %s", name, form, text)
			}
		}
	}
}

// unbounded takes the bounds out of a schema.
func unbounded(schema any) {
	switch s := schema.(type) {
	case map[string]any:
		delete(s, "maxItems")
		delete(s, "maxLength")
		for _, v := range s {
			unbounded(v)
		}
	case []any:
		for _, v := range s {
			unbounded(v)
		}
	}
}

// TestIgnoredBounds: a server that is sent bounds of lists and does not hold them is asked in the next form.
func TestIgnoredBounds(t *testing.T) {
	many := `{"claims":[],"observations":[` + strings.Repeat(`{"because":[],"reading":"x"},`, claim.MaxObservations) + `{"because":[],"reading":"x"}]}`
	s := llmtest.NewServer(llmtest.Fixed(many), llmtest.Fixed(object))
	p := provider(t, "llama-cpp-python", s, nil)
	for _, want := range []string{llm.FormObjectSchema, llm.FormObject} {
		if got, err := p.Complete(t.Context(), request); err != nil || got.Form != want {
			t.Errorf("form %s, want %s: %v", got.Form, want, err)
		}
	}
	sane(t, s)
}

// TestIgnoredSchema: a server of one's own that takes a schema and does not enforce it is asked in the next form from then on;
// what it answered is the caller's to judge, and nobody pays for a second question. The makers of models are trusted.
func TestIgnoredSchema(t *testing.T) {
	for name, answer := range map[string]string{
		"other properties": `{"findings":[]}`, "one more": `{"claims":[],"observations":[],"summary":""}`, "a type": `{"claims":{},"observations":[]}`,
		"deep": `{"claims":[{"operator":"O1","mechanism":"slow","share":"F1","because":[],"changes":[],"doubts":null,"reading":null}],"observations":[]}`,
		"null": `{"claims":null,"observations":[]}`, "one missing": `{"claims":[]}`, "prose": "It is fine.",
	} {
		each(t, func(t *testing.T, protocol string) {
			s := llmtest.NewServer(llmtest.Fixed(answer), llmtest.Fixed(object))
			p := provider(t, protocol, s, nil)
			if _, err := p.Complete(t.Context(), request); (err == nil) != (name != "prose") {
				t.Errorf("%s: %v", name, err)
			}
			want := llm.FormSchema
			if protocol == llm.OpenAI {
				want = llm.FormObjectSchema
			}
			if got, err := p.Complete(t.Context(), request); err != nil || got.Form != want {
				t.Errorf("%s: then it is asked in the form %s, want %s: %v", name, got.Form, want, err)
			}
			if n := len(s.Requests()); n != 2 {
				t.Errorf("%s: %d requests", name, n)
			}
			sane(t, s)
		})
	}
}

// TestFollowedSchema: whatever the schema allows keeps the form.
func TestFollowedSchema(t *testing.T) {
	const full = `{"claims":[{"operator":"O1","mechanism":"other","share":"F1","because":[{"kind":"absent","a":"x","b":null}],` +
		`"changes":[{"kind":"set","key":"k","value":"v","operator":null,"frame":null,"sketch":null}],"doubts":"R1","reading":null}],"observations":[]}`
	s := llmtest.NewServer(llmtest.Fixed(full))
	s.Grammar.Store(true)
	p := provider(t, "llamacpp", s, nil)
	for range 2 {
		if got, err := p.Complete(t.Context(), request); err != nil || got.Form != llm.FormSchema {
			t.Errorf("form %s, %v", got.Form, err)
		}
	}
}
