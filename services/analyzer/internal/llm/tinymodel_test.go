//go:build tinymodel

package llm_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/llm"
)

// TestTinyModel asks the model of tools/tinymodel, which knows nothing: with the schema every answer is in the form of claims,
// and without it fewer are. What is in them is of no use.
func TestTinyModel(t *testing.T) {
	const questions, longest = 20, 4000
	url := os.Getenv("TINY_MODEL_URL")
	waitFor(t, url)
	parsed, silence := map[string]int{}, map[string]int{}
	for form, c := range map[string]struct {
		provider string
		base     http.RoundTripper
	}{
		llm.FormSchema:       {"llamacpp", nil},
		llm.FormObjectSchema: {"llama-cpp-python", nil}, // the same words
		llm.FormText:         {"lmstudio", schemaless{}},
	} {
		p, err := llm.New(llm.Config{
			Provider: c.provider, BaseURL: url, Model: "smollm2", MaxOutputTokens: longest, Timeout: 20 * time.Minute, Attempts: 1,
		}, c.base)
		if err != nil {
			t.Fatal(err)
		}
		for i := range questions {
			start := time.Now()
			got, err := p.Complete(t.Context(), request)
			if err == nil && got.Form != form {
				t.Fatalf("asked in the form %s, want %s", got.Form, form)
			}
			var why error
			var empty bool
			if err == nil {
				_, why = claim.Decode(got.Object)
				empty = silent(got.Object)
			}
			if err == nil && (why == nil || empty) {
				parsed[form]++
			}
			if empty {
				silence[form]++
			}
			t.Logf("%s %d: %v, %d tokens: %v %v: %.200s", form, i, time.Since(start).Round(time.Second), got.Usage.Out, err, why, bytes.Join(bytes.Fields(got.Object), nil))
		}
	}
	t.Logf("of %d answers each are in the form of claims: %v; of them say nothing: %v", questions, parsed, silence)
	if parsed[llm.FormSchema] < questions || parsed[llm.FormObjectSchema] < questions {
		t.Errorf("with the schema %d and %d of %d answers are in form", parsed[llm.FormSchema], parsed[llm.FormObjectSchema], questions)
	}
	if parsed[llm.FormText] >= questions {
		t.Error("without the schema all answers are in form, too: nothing was shown")
	}
}

// silent reports whether an answer has both lists, and nothing in them: it follows the schema, and is of no use to anybody.
func silent(object json.RawMessage) bool {
	var a struct{ Claims, Observations *[]json.RawMessage }
	return json.Unmarshal(object, &a) == nil && a.Claims != nil && a.Observations != nil && len(*a.Claims)+len(*a.Observations) == 0
}

// schemaless stands before a server and refuses a demanded form, as one that does not know any.
type schemaless struct{}

func (schemaless) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(body, []byte(`"response_format"`)) {
		text := `{"error":{"message":"response_format is not supported"}}`
		return &http.Response{
			StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: r,
		}, nil
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return http.DefaultTransport.RoundTrip(r)
}

// waitFor waits until the server has loaded its model.
func waitFor(t *testing.T, url string) {
	t.Helper()
	for range 300 {
		resp, err := http.Get(strings.TrimSuffix(url, "/v1") + "/health")
		if err == nil {
			err = errors.Join(resp.Body.Close())
		}
		if err == nil && resp.StatusCode == http.StatusOK {
			return
		}
		time.Sleep(time.Second)
	}
	t.Fatalf("no server at %q", url)
}
