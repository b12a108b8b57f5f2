package llm_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/llmtest"
	"squirrly.dev/services/analyzer/internal/answer"
	"squirrly.dev/services/analyzer/internal/llm"
)

const object = `{"findings":[],"observations":[]}`

var request = llm.Request{
	System:     "Answer in JSON.",
	Messages:   []llm.Message{{Role: llm.RoleUser, Text: "What holds the job back?"}},
	SchemaName: answer.SchemaName,
	Schema:     answer.Schema(),
}

func provider(t *testing.T, s *llmtest.Server, change func(*llm.Config)) llm.Provider {
	t.Helper()
	t.Cleanup(s.Close)
	c := llm.Config{
		BaseURL: s.URL(), Model: llmtest.Model, Key: llmtest.Key, Backoff: time.Millisecond, MaxWait: 2 * time.Second,
		Timeout: 20 * time.Second,
	}
	if change != nil {
		change(&c)
	}
	p, err := llm.New(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestComplete(t *testing.T) {
	s := llmtest.NewServer(llmtest.Fixed(object))
	p := provider(t, s, nil)
	got, err := p.Complete(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if got.Latency <= 0 {
		t.Error("Latency is not measured")
	}
	got.Latency = 0
	want := llm.Response{
		Object: json.RawMessage(object), Model: "stand-in-1-2026-11-01", RequestID: "req-stand-in", Form: "json_schema",
		Usage: llm.Usage{In: 9, Out: 500, CachedIn: 100, Reasoning: 50},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Complete (-want +got):\n%s", diff)
	}
	if problems := s.Problems(); len(problems) > 0 {
		t.Errorf("the server refused: %q", problems)
	}
	req := s.Requests()[0]
	if req.MaxCompletionTokens != llm.DefaultMaxOutputTokens || req.MaxTokens != 0 {
		t.Errorf("max_completion_tokens %d, max_tokens %d", req.MaxCompletionTokens, req.MaxTokens)
	}
	if diff := cmp.Diff(compact(t, answer.Schema()), compact(t, req.ResponseFormat.JSONSchema.Schema)); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
}

func compact(t *testing.T, raw json.RawMessage) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestLadder asks servers that know less and less.
func TestLadder(t *testing.T) {
	wrapped := llmtest.Wrapped(func(llmtest.Request) string { return object })
	for name, c := range map[string]struct {
		behaviour llmtest.Behaviour
		form      string
		first     int // requests of the first Complete
	}{
		"json_object":          {llmtest.Without(llmtest.Fixed(object), "json_schema"), "json_object", 2},
		"text":                 {llmtest.Without(wrapped, "json_schema", "json_object"), "text", 3},
		"old tokens":           {llmtest.OldTokens(llmtest.Fixed(object)), "json_schema", 2},
		"old tokens and text":  {llmtest.OldTokens(llmtest.Without(wrapped, "json_schema", "json_object")), "text", 4},
		"ignores the form":     {wrapped, "json_schema", 1},
		"behind prose at once": {llmtest.Fixed("Here: " + object), "json_schema", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := llmtest.NewServer(c.behaviour)
			p := provider(t, s, nil)
			for i, want := range []int{c.first, c.first + 1} { // the second time it is remembered
				got, err := p.Complete(t.Context(), request)
				if err != nil {
					t.Fatal(err)
				}
				if string(got.Object) != object || got.Form != c.form {
					t.Errorf("answer %d: form %s: %s", i, got.Form, got.Object)
				}
				if n := len(s.Requests()); n != want {
					t.Errorf("answer %d: %d requests, want %d", i, n, want)
				}
			}
			if problems := s.Problems(); len(problems) > 0 {
				t.Errorf("the server refused: %q", problems)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	const ok = 200
	for name, c := range map[string]struct {
		behaviour llmtest.Behaviour
		kind      error
		requests  int
	}{
		"rate limited":       {llmtest.RateLimited(0), llm.ErrRateLimited, 3},
		"rate limited long":  {llmtest.RateLimited(time.Hour), llm.ErrRateLimited, 1},
		"out of quota":       {llmtest.OutOfQuota(), llm.ErrRateLimited, 1},
		"server error":       {llmtest.Failing(500, "", "boom"), llm.ErrUnavailable, 3},
		"overloaded":         {llmtest.Failing(529, "", "overloaded"), llm.ErrUnavailable, 3},
		"bad gateway page":   {llmtest.Page(502), llm.ErrUnavailable, 3},
		"not implemented":    {llmtest.Failing(501, "", "no"), llm.ErrUnavailable, 1},
		"forbidden":          {llmtest.Failing(403, "", "no access"), llm.ErrAuth, 1},
		"context":            {llmtest.Failing(400, "context_length_exceeded", "too much"), llm.ErrContextTooLong, 1},
		"context by message": {llmtest.Failing(400, "", "This model's maximum context length is 8192 tokens"), llm.ErrContextTooLong, 1},
		"content filter":     {llmtest.Failing(400, "content_filter", "filtered"), llm.ErrRefused, 1},
		"unknown model":      {llmtest.Failing(404, "model_not_found", "The model does not exist"), llm.ErrRequest, 1},
		"no form at all": {
			llmtest.Without(llmtest.Fixed(object), "json_schema", "json_object", "text"), llm.ErrRequest, 3,
		},
		"refusal":    {llmtest.Refusing(), llm.ErrRefused, 1},
		"truncated":  {llmtest.Truncated(), llm.ErrTruncated, 1},
		"garbage":    {llmtest.Garbage(), llm.ErrBadOutput, 1},
		"no choices": {llmtest.NoChoices(), llm.ErrBadOutput, 1},
		"page":       {llmtest.Page(ok), llm.ErrBadOutput, 1},
		"endless":    {llmtest.Endless(6 << 20), llm.ErrBadOutput, 1},
		"cut":        {llmtest.Cut(), llm.ErrUnavailable, 1},
		"hang up":    {llmtest.HangUp(), llm.ErrUnavailable, 3},
		"empty":      {llmtest.Empty(), llm.ErrBadOutput, 1},
		"redirect":   {llmtest.Redirect("http://127.0.0.1:1/steal"), llm.ErrUnavailable, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := llmtest.NewServer(c.behaviour)
			_, err := provider(t, s, nil).Complete(t.Context(), request)
			if !errors.Is(err, c.kind) {
				t.Errorf("Complete returned %v, want %v", err, c.kind)
			}
			if n := len(s.Requests()); n != c.requests {
				t.Errorf("%d requests, want %d", n, c.requests)
			}
			if problems := s.Problems(); len(problems) > 0 {
				t.Errorf("the server refused: %q", problems)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	s := llmtest.NewServer(llmtest.RateLimited(time.Second), llmtest.Failing(503, "", "busy"), llmtest.Fixed(object))
	start := time.Now()
	if _, err := provider(t, s, nil).Complete(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	if waited := time.Since(start); waited < 900*time.Millisecond {
		t.Errorf("waited %v, the server asked for 1s", waited)
	}
	if n := len(s.Requests()); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}
}

func TestErrorCarriesRetryAfter(t *testing.T) {
	s := llmtest.NewServer(llmtest.RateLimited(time.Hour))
	_, err := provider(t, s, nil).Complete(t.Context(), request)
	var e *llm.Error
	if !errors.As(err, &e) {
		t.Fatalf("Complete returned %v", err)
	}
	if e.RetryAfter != time.Hour || e.Status != 429 || e.RequestID != "req-stand-in" {
		t.Errorf("error %+v", e)
	}
	if !llm.Temporary(err) || !llm.NoAnswer(err) {
		t.Error("a rate limit is not temporary")
	}
}

func TestTimeout(t *testing.T) {
	s := llmtest.NewServer(llmtest.Slow(600*time.Millisecond, llmtest.Fixed(object)))
	p := provider(t, s, func(c *llm.Config) { c.Timeout = 100 * time.Millisecond })
	start := time.Now()
	_, err := p.Complete(t.Context(), request)
	if !errors.Is(err, llm.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Complete returned %v", err)
	}
	if waited := time.Since(start); waited > 500*time.Millisecond {
		t.Errorf("Complete took %v", waited)
	}
}

func TestCancel(t *testing.T) {
	s := llmtest.NewServer(llmtest.Slow(600*time.Millisecond, llmtest.Fixed(object)))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := provider(t, s, nil).Complete(ctx, request)
	if !errors.Is(err, context.DeadlineExceeded) || llm.NoAnswer(err) {
		t.Errorf("Complete returned %v", err)
	}
}

// TestNoSecretInErrors looks for the key and the user of the URL in every form of every error.
func TestNoSecretInErrors(t *testing.T) {
	const key, user = "sk-CANARYkey0000000000", "app:CANARYpass"
	s := llmtest.NewServer(llmtest.Fixed(object))
	withUser := strings.Replace(s.URL(), "://", "://"+user+"@", 1)
	errs := map[string]error{}
	for name, base := range map[string]string{
		"wrong key": s.URL(), "user in URL": withUser, "no server": "http://" + user + "@127.0.0.1:1/v1",
		"no such host": "http://" + user + "@nowhere.invalid/v1",
	} {
		p := provider(t, s, func(c *llm.Config) { c.BaseURL, c.Key, c.Attempts = base, key, 1 })
		_, errs[name] = p.Complete(t.Context(), request)
	}
	for name, c := range map[string]llm.Config{
		"scheme": {BaseURL: "ftp://" + user + "@h/v1", Model: "m"}, "no URL": {BaseURL: "http://" + user + "@h:x y/", Model: "m"},
		"query": {BaseURL: "http://" + user + "@h/v1?key=CANARY", Model: "m"}, "white space": {Key: "CANARY x", Model: "m"},
		"no model": {Provider: "ollama", Key: key}, "no key": {Provider: llm.Gemini, BaseURL: "http://" + user + "@h"},
	} {
		_, errs[name] = llm.New(c, nil)
	}
	for name, err := range errs {
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			if text := fmt.Sprintf("%v %+v %#v", e, e, e); strings.Contains(text, "CANARY") {
				t.Errorf("%s: a secret is in the error: %s", name, text)
			}
		}
	}
	c := llm.Config{BaseURL: withUser, Model: "m", Key: key}
	if text := fmt.Sprintf("%v %+v %#v %s", c, c, c, &c); strings.Contains(text, "CANARY") {
		t.Errorf("a secret is printed: %s", text)
	}
	if problems := s.Problems(); len(problems) == 0 || !strings.Contains(strings.Join(problems, " "), "Incorrect API key") {
		t.Errorf("the server did not echo the key: %q", problems)
	}
}

// TestConnectionsAreReused proves that answers with an error give their connection back.
func TestConnectionsAreReused(t *testing.T) {
	s := llmtest.NewServer(llmtest.Failing(500, "", strings.Repeat("x", 10000)), llmtest.Failing(500, "", "y"), llmtest.Fixed(object))
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxConnsPerHost = 1 // a leaked connection would block the next attempt for ever
	t.Cleanup(base.CloseIdleConnections)
	t.Cleanup(s.Close)
	p, err := llm.New(llm.Config{
		BaseURL: s.URL(), Model: llmtest.Model, Key: llmtest.Key, Backoff: time.Millisecond, Timeout: 5 * time.Second,
	}, base)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Complete(t.Context(), request); err != nil {
		t.Fatal(err)
	}
}
