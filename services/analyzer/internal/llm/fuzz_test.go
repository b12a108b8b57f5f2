package llm_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/llmtest"
	"squirrly.dev/services/analyzer/internal/llm"
)

// FuzzBody answers with any body and any status: there is an object, or an error of a kind that the callers know, and the
// key is not in it.
func FuzzBody(f *testing.F) {
	for _, body := range []string{
		`{"choices":[{"message":{"content":"{}"},"finish_reason":"stop"}]}`,
		`{"content":[{"type":"tool_use","input":{}}],"stop_reason":"tool_use"}`,
		`{"content":[{"type":"text","text":"{}"}],"usage":{"input_tokens":-9223372036854775808}}`,
		`{"candidates":[{"content":{"parts":[{"text":"{}"},null]}}],"usageMetadata":{"promptTokenCount":1e99}}`,
		`{"candidates":{"content":[]},"promptFeedback":[],"usageMetadata":"x","createTime":7}`,
		`{"error":{"message":"response_format","details":[{"retryDelay":"-1s"}]}}`, `{"error":"x"}`, `[`, ``, `"` + llmtest.Key + `"`,
	} {
		for _, status := range []int{200, 400, 429} {
			f.Add(status, body)
		}
	}
	kinds := []error{
		llm.ErrRateLimited, llm.ErrAuth, llm.ErrContextTooLong, llm.ErrRefused, llm.ErrTruncated, llm.ErrUnavailable,
		llm.ErrRequest, llm.ErrBadOutput,
	}
	s := llmtest.NewServer(llmtest.Garbage())
	f.Cleanup(s.Close)
	var providers []llm.Provider
	for _, protocol := range protocols {
		p, err := llm.New(llm.Config{
			Provider: protocol, BaseURL: s.Base(protocol), Model: llmtest.Model, Key: llmtest.Key, Attempts: 1, Timeout: 10 * time.Second,
		}, nil)
		if err != nil {
			f.Fatal(err)
		}
		providers = append(providers, p)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			return // no server can send it
		}
		s.Then(llmtest.Any(status, body))
		for _, p := range providers {
			got, err := p.Complete(t.Context(), request)
			if err == nil {
				if len(got.Object) == 0 {
					t.Errorf("%s: neither an object nor an error", p.Name())
				}
				continue
			}
			known := false
			for _, kind := range kinds {
				known = known || errors.Is(err, kind)
			}
			if !known || strings.Contains(err.Error(), llmtest.Key) {
				t.Errorf("%s: %v", p.Name(), err)
			}
		}
	})
}
