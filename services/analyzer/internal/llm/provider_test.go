package llm_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/llmtest"
	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/llm"
)

const object = `{"claims":[],"observations":[]}`

var request = llm.Request{
	System:     "Answer in JSON.",
	Messages:   []llm.Message{{Role: llm.RoleUser, Text: "What holds the job back?"}},
	SchemaName: claim.SchemaName,
	Schema:     claim.Schema(),
}

// protocols are the providers whose protocols differ; a test of all is run against each.
var protocols = []string{llm.OpenAI, llm.Azure, llm.Anthropic, llm.Gemini}

func each(t *testing.T, test func(t *testing.T, protocol string)) {
	t.Helper()
	for _, p := range protocols {
		t.Run(p, func(t *testing.T) {
			t.Parallel()
			test(t, p)
		})
	}
}

func provider(t *testing.T, protocol string, s *llmtest.Server, change func(*llm.Config)) llm.Provider {
	t.Helper()
	t.Cleanup(s.Close)
	wire := protocol
	if !slices.Contains(protocols, wire) {
		wire = llm.OpenAI // its kin
	}
	c := llm.Config{
		Provider: protocol, BaseURL: s.Base(wire), Model: llmtest.Model, Key: llmtest.Key, Backoff: time.Millisecond,
		MaxWait: 2 * time.Second, Timeout: 20 * time.Second,
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
	each(t, func(t *testing.T, protocol string) {
		s := llmtest.NewServer(llmtest.Fixed(object))
		p := provider(t, protocol, s, nil)
		got, err := p.Complete(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		if got.Latency <= 0 || p.Name() != protocol {
			t.Errorf("latency %v of %s", got.Latency, p.Name())
		}
		got.Latency = 0
		want := llm.Response{
			Object: json.RawMessage(object), Model: "stand-in-1-2026-11-01", RequestID: "req-stand-in", Form: llm.FormSchema,
			Usage: llm.Usage{In: 9, Out: 500, CachedIn: 100, Reasoning: 50},
		}
		if protocol == llm.Anthropic {
			want.Usage.In += 100 // its input tokens are without the cached ones
		}
		if protocol == llm.OpenAI { // a server of one's own: the schema is in the text, too
			want.Usage.In = 0
			for _, m := range s.Requests()[0].Messages {
				want.Usage.In += len(m.Content) / 4
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Complete (-want +got):\n%s", diff)
		}
		sane(t, s)
		req := s.Requests()[0]
		if req.MaxCompletionTokens+req.MaxTokens != llm.DefaultMaxOutputTokens {
			t.Errorf("max_completion_tokens %d, max_tokens %d", req.MaxCompletionTokens, req.MaxTokens)
		}
		if got, want := order(req.ResponseFormat.JSONSchema.Schema), order(claim.Schema()); !slices.Equal(got, want) {
			t.Errorf("the properties of the schema are in the order %q, want %q", got, want)
		}
		schema := decoded(t, claim.Schema())
		unbounded(schema)
		if diff := cmp.Diff(schema, decoded(t, req.ResponseFormat.JSONSchema.Schema)); diff != "" {
			t.Errorf("schema (-want +got):\n%s", diff)
		}
	})
}

// TestConversation sends turns of both sides.
func TestConversation(t *testing.T) {
	each(t, func(t *testing.T, protocol string) {
		s := llmtest.NewServer(llmtest.Fixed(object))
		talk := request
		talk.Messages = []llm.Message{{llm.RoleUser, "What?"}, {llm.RoleAssistant, `{"a":1}`}, {llm.RoleUser, "Again & <again>."}}
		if _, err := provider(t, protocol, s, nil).Complete(t.Context(), talk); err != nil {
			t.Fatal(err)
		}
		want := []llmtest.Message{
			{Role: "system", Content: "Answer in JSON."},
			{Role: "user", Content: "What?"},
			{Role: "assistant", Content: `{"a":1}`},
			{Role: "user", Content: "Again & <again>."},
		}
		got := s.Requests()[0].Messages
		if protocol == llm.OpenAI { // a server of one's own: the schema follows
			got[0].Content, _, _ = strings.Cut(got[0].Content, "\n")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("messages (-want +got):\n%s", diff)
		}
		sane(t, s)
	})
}

// sane fails when the server had to refuse a request.
func sane(t *testing.T, s *llmtest.Server) {
	t.Helper()
	if problems := s.Problems(); len(problems) > 0 {
		t.Errorf("the server refused: %q", problems)
	}
}

var propertyName = regexp.MustCompile(`"(operator|mechanism|share|because|changes|doubts|reading|kind|key|value|frame|sketch)":`)

// order is the order in which properties stand in a schema.
func order(schema json.RawMessage) []string { return propertyName.FindAllString(string(schema), -1) }

func decoded(t *testing.T, raw json.RawMessage) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// allForms are those that a server may not know.
var allForms = []string{llm.FormSchema, llm.FormObjectSchema, llm.FormObject, llm.FormTool}

// second is the second form of the ladder of a protocol: an OpenAI whose URL is not that of the maker is a server of one's own.
var second = map[string]string{
	llm.OpenAI: llm.FormObjectSchema, llm.Azure: llm.FormObject, llm.Anthropic: llm.FormTool, llm.Gemini: llm.FormObject,
}

// TestLadder asks servers that know less and less.
func TestLadder(t *testing.T) {
	wrapped := llmtest.Wrapped(func(llmtest.Request) string { return object })
	none := llmtest.Without(wrapped, allForms...)
	for name, c := range map[string]struct {
		behaviour llmtest.Behaviour
		form      string
		first     int // requests of the first Complete
		openAI    bool
	}{
		"second":               {llmtest.Without(llmtest.Fixed(object), llm.FormSchema), "second", 2, false},
		"text":                 {none, llm.FormText, 3, false},
		"ignores the form":     {wrapped, llm.FormSchema, 1, false},
		"behind prose at once": {llmtest.Fixed("Here: " + object), llm.FormSchema, 1, false},
		"old tokens":           {llmtest.OldTokens(llmtest.Fixed(object)), llm.FormSchema, 2, true},
		"old tokens and text":  {llmtest.OldTokens(none), llm.FormText, 4, true},
	} {
		each(t, func(t *testing.T, protocol string) {
			c := c // what is changed here is of this protocol alone
			if c.openAI && protocol != llm.OpenAI && protocol != llm.Azure {
				c.behaviour, c.first = llmtest.Fixed(object), 1 // has no second name for the limit
				c.form = llm.FormSchema
			}
			if c.form == llm.FormText && protocol == llm.OpenAI {
				c.first++ // its ladder has one more
			}
			s := llmtest.NewServer(c.behaviour)
			p := provider(t, protocol, s, nil)
			for i, want := range []int{c.first, c.first + 1} { // the second time it is remembered
				got, err := p.Complete(t.Context(), request)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				form := c.form
				if form == "second" {
					form = second[protocol]
				}
				if string(got.Object) != object || got.Form != form {
					t.Errorf("%s: answer %d: form %s: %s", name, i, got.Form, got.Object)
				}
				if n := len(s.Requests()); n != want {
					t.Errorf("%s: answer %d: %d requests, want %d", name, i, n, want)
				}
			}
			sane(t, s)
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
		"rate limited":      {llmtest.RateLimited(0), llm.ErrRateLimited, 3},
		"rate limited long": {llmtest.RateLimited(time.Hour), llm.ErrRateLimited, 1},
		"out of quota":      {llmtest.OutOfQuota(), llm.ErrRateLimited, 1},
		"no credits":        {llmtest.Failing(402, "", "Insufficient credits"), llm.ErrRateLimited, 1},
		"server error":      {llmtest.Failing(500, "", "boom"), llm.ErrUnavailable, 3},
		"overloaded":        {llmtest.Failing(529, "overloaded_error", "Overloaded"), llm.ErrUnavailable, 3},
		"bad gateway page":  {llmtest.Page(502), llm.ErrUnavailable, 3},
		"not implemented":   {llmtest.Failing(501, "", "no"), llm.ErrUnavailable, 1},
		"wrong key":         {llmtest.WrongKey(), llm.ErrAuth, 1},
		"forbidden":         {llmtest.Failing(403, "", "no access"), llm.ErrAuth, 1},
		"context":           {llmtest.TooLong(), llm.ErrContextTooLong, 1},
		"too large":         {llmtest.Failing(413, "", "too large"), llm.ErrContextTooLong, 1},
		"filtered":          {llmtest.Filtered(), llm.ErrRefused, 1},
		"unknown model":     {llmtest.NoModel(), llm.ErrRequest, 1},
		"no form at all": {
			llmtest.Without(llmtest.Fixed(object), append(allForms, llm.FormText)...), llm.ErrRequest, 3,
		},
		"refusal":     {llmtest.Refusing(), llm.ErrRefused, 1},
		"truncated":   {llmtest.Truncated(), llm.ErrTruncated, 1},
		"garbage":     {llmtest.Garbage(), llm.ErrBadOutput, 1},
		"no choices":  {llmtest.NoChoices(), llm.ErrBadOutput, 1},
		"page":        {llmtest.Page(ok), llm.ErrBadOutput, 1},
		"endless":     {llmtest.Endless(6 << 20), llm.ErrBadOutput, 1},
		"cut":         {llmtest.Cut(), llm.ErrUnavailable, 1},
		"hang up":     {llmtest.HangUp(), llm.ErrUnavailable, 3},
		"empty":       {llmtest.Empty(), llm.ErrBadOutput, 1},
		"redirect":    {llmtest.Redirect("http://127.0.0.1:1/steal"), llm.ErrUnavailable, 1},
		"nothing":     {llmtest.Body(`{}`), llm.ErrBadOutput, 1},
		"null":        {llmtest.Body(`null`), llm.ErrBadOutput, 1},
		"list":        {llmtest.Body(`[1,2]`), llm.ErrBadOutput, 1},
		"wrong types": {llmtest.Body(`{"choices":1,"content":2,"candidates":3,"usage":4,"usageMetadata":5,"model":6}`), llm.ErrBadOutput, 1},
		"wrong types below": {
			llmtest.Body(`{"choices":[1],"content":[2],"candidates":[{"content":{"parts":[7]},"finishReason":[]}],"usage":{"input_tokens":"x"}}`), llm.ErrBadOutput, 1,
		},
		"nulls below": {
			llmtest.Body(`{"choices":[null],"content":[null],"candidates":[null],"promptFeedback":null}`), llm.ErrBadOutput, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, protocol string) {
				s := llmtest.NewServer(c.behaviour)
				_, err := provider(t, protocol, s, nil).Complete(t.Context(), request)
				if !errors.Is(err, c.kind) {
					t.Errorf("Complete returned %v, want %v", err, c.kind)
				}
				if e, ok := errors.AsType[*llm.Error](err); !ok || !errors.Is(e.Kind, c.kind) {
					t.Errorf("Complete returned %#v, want %v", err, c.kind)
				}
				want := c.requests
				if name == "no form at all" && protocol == llm.OpenAI {
					want++ // its ladder has one more
				}
				if n := len(s.Requests()); n != want {
					t.Errorf("%d requests, want %d", n, want)
				}
				sane(t, s)
			})
		})
	}
}

func TestRetryAfter(t *testing.T) {
	each(t, func(t *testing.T, protocol string) {
		s := llmtest.NewServer(llmtest.RateLimited(time.Second), llmtest.Failing(503, "", "busy"), llmtest.Fixed(object))
		start := time.Now()
		if _, err := provider(t, protocol, s, nil).Complete(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(start); waited < 900*time.Millisecond {
			t.Errorf("waited %v, the server asked for 1s", waited)
		}
		if n := len(s.Requests()); n != 3 {
			t.Errorf("%d requests, want 3", n)
		}
	})
}

func TestErrorCarriesRetryAfter(t *testing.T) {
	each(t, func(t *testing.T, protocol string) {
		s := llmtest.NewServer(llmtest.RateLimited(time.Hour))
		_, err := provider(t, protocol, s, nil).Complete(t.Context(), request)
		var e *llm.Error
		if !errors.As(err, &e) {
			t.Fatalf("Complete returned %v", err)
		}
		if e.RetryAfter != time.Hour || e.Status != 429 || (e.RequestID == "") != (protocol == llm.Gemini) { // which names none in errors
			t.Errorf("error %+v", e)
		}
		if !llm.Temporary(err) || !llm.NoAnswer(err) {
			t.Error("a rate limit is not temporary")
		}
	})
}

// hanging never answers while the test runs.
func hanging(t *testing.T, protocol string, change func(*llm.Config)) llm.Provider {
	t.Helper()
	over := make(chan struct{})
	s := llmtest.NewServer(func(http.ResponseWriter, llmtest.Request) { <-over })
	p := provider(t, protocol, s, change)
	t.Cleanup(func() { close(over) }) // before the server is closed
	return p
}

func TestTimeout(t *testing.T) {
	each(t, func(t *testing.T, protocol string) {
		p := hanging(t, protocol, func(c *llm.Config) { c.Timeout = 100 * time.Millisecond })
		_, err := p.Complete(t.Context(), request)
		if !errors.Is(err, llm.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Complete returned %v", err)
		}
	})
}

func TestCancel(t *testing.T) {
	each(t, func(t *testing.T, protocol string) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := hanging(t, protocol, nil).Complete(ctx, request)
		if !errors.Is(err, context.DeadlineExceeded) || llm.NoAnswer(err) {
			t.Errorf("Complete returned %v", err)
		}
	})
}

// TestTogether lets many ask a server at once that is only then found to know less.
func TestTogether(t *testing.T) {
	each(t, func(t *testing.T, protocol string) {
		less := llmtest.Without(llmtest.Wrapped(func(llmtest.Request) string { return object }), allForms...)
		s := llmtest.NewServer(llmtest.OldTokens(less))
		if protocol == llm.Anthropic || protocol == llm.Gemini {
			s.Then(less)
		}
		p := provider(t, protocol, s, nil)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if got, err := p.Complete(t.Context(), request); err != nil || got.Form != llm.FormText {
					t.Errorf("form %q: %v", got.Form, err)
				}
			})
		}
		all.Wait()
		sane(t, s)
	})
}

// TestNoSecretInErrors looks for the key and the user of the URL in every form of every error.
func TestNoSecretInErrors(t *testing.T) {
	const key, user = "sk-CANARYkey0000000000", "app:CANARYpass"
	each(t, func(t *testing.T, protocol string) {
		s := llmtest.NewServer(llmtest.Fixed(object))
		withUser := strings.Replace(s.Base(protocol), "://", "://"+user+"@", 1)
		errs := map[string]error{}
		for name, base := range map[string]string{
			"wrong key": s.Base(protocol), "user in URL": withUser, "no server": "http://" + user + "@127.0.0.1:1/v1",
			"no such host": "http://" + user + "@nowhere.invalid/v1",
		} {
			p := provider(t, protocol, s, func(c *llm.Config) { c.BaseURL, c.Key, c.Attempts = base, key, 1 })
			_, errs[name] = p.Complete(t.Context(), request)
		}
		proxied := provider(t, protocol, s, func(c *llm.Config) { c.Proxy, c.Attempts = "http://"+user+"@127.0.0.1:1", 1 })
		_, errs["no proxy"] = proxied.Complete(t.Context(), request)
		for name, c := range map[string]llm.Config{
			"scheme": {BaseURL: "ftp://" + user + "@h/v1", Model: "m"}, "no URL": {BaseURL: "http://" + user + "@h:x y/", Model: "m"},
			"query": {BaseURL: "http://" + user + "@h/v1?key=CANARY", Model: "m"}, "white space": {Key: "CANARY x", Model: "m"},
			"model": {Model: "a?key=CANARY", Key: key}, "proxy": {Model: "m", Key: key, Proxy: "ftp://" + user + "@h"},
			"proxy, no URL": {Model: "m", Key: key, Proxy: "http://" + user + "@h:x y"}, "file": {Model: "m", Key: key, CAFile: "/no/such"},
		} {
			c.Provider = protocol
			if c.Key == "" {
				c.Key = key
			}
			if c.BaseURL == "" {
				c.BaseURL = s.Base(protocol)
			}
			_, errs[name] = llm.New(c, nil)
		}
		_, errs["no model"] = llm.New(llm.Config{Provider: "ollama", Key: key}, nil)
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
		c := llm.Config{BaseURL: withUser, Model: "m", Key: key, Proxy: "http://" + user + "@h"}
		if text := fmt.Sprintf("%v %+v %#v %s", c, c, c, &c); strings.Contains(text, "CANARY") {
			t.Errorf("a secret is printed: %s", text)
		}
		if problems := s.Problems(); len(problems) == 0 || !strings.Contains(strings.Join(problems, " "), key) {
			t.Errorf("the server did not echo the key: %q", problems)
		}
	})
}

// TestConnectionsAreReused proves that answers with an error give their connection back.
func TestConnectionsAreReused(t *testing.T) {
	each(t, func(t *testing.T, protocol string) {
		s := llmtest.NewServer(llmtest.Failing(500, "", strings.Repeat("x", 10000)), llmtest.Failing(500, "", "y"), llmtest.Fixed(object))
		base := http.DefaultTransport.(*http.Transport).Clone()
		base.MaxConnsPerHost = 1 // a leaked connection would block the next attempt for ever
		t.Cleanup(base.CloseIdleConnections)
		t.Cleanup(s.Close)
		p, err := llm.New(llm.Config{
			Provider: protocol, BaseURL: s.Base(protocol), Model: llmtest.Model, Key: llmtest.Key, Backoff: time.Millisecond, Timeout: 5 * time.Second,
		}, base)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Complete(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	})
}
