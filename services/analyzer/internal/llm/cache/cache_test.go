package cache_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/llmtest"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/llm"
	"squirrly.dev/services/analyzer/internal/llm/cache"
)

var request = llm.Request{
	System: "Answer in JSON.", Messages: []llm.Message{{Role: llm.RoleUser, Text: "What holds the job back?"}},
	SchemaName: claim.SchemaName, Schema: claim.Schema(), Digest: "one",
}

func stores(t *testing.T) map[string]cache.Store {
	t.Helper()
	return map[string]cache.Store{"memory": &cache.Memory{}, "bucket": cache.Shared(bustest.As(t, bustest.Start(t), natsusers.Analyzer))}
}

// asking returns a stand-in and a provider of it that keeps answers for an hour, unless change says otherwise.
func asking(t *testing.T, store cache.Store, change func(*cache.Options), behaviours ...llmtest.Behaviour) (*llmtest.Server, llm.Provider) {
	t.Helper()
	s := llmtest.NewServer(behaviours...)
	t.Cleanup(s.Close)
	p, err := llm.New(llm.Config{BaseURL: s.URL(), Model: llmtest.Model, Key: llmtest.Key, Attempts: 1, Timeout: 20 * time.Second}, nil)
	if err != nil {
		t.Fatal(err)
	}
	o := cache.Options{
		Store: store, TTL: time.Hour, Asked: "stand-in", Keep: func(o json.RawMessage) bool { return json.Valid(o) },
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	if change != nil {
		change(&o)
	}
	return s, cache.Provider(p, o)
}

// ask asks and fails the test on an error.
func ask(t *testing.T, p llm.Provider, req llm.Request) llm.Response {
	t.Helper()
	resp, err := p.Complete(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// TestKept pays a question once; another question, another server and another schema are asked.
func TestKept(t *testing.T) {
	for name, store := range stores(t) {
		s, p := asking(t, store, nil, llmtest.Fixed(`{"a":1}`))
		first, second := ask(t, p, request), ask(t, p, request)
		if !first.KeptSince.IsZero() || first.Usage.In == 0 {
			t.Errorf("%s: the first answer is %+v", name, first)
		}
		if second.KeptSince.IsZero() || second.Usage != (llm.Usage{}) || second.CostUSD == nil || *second.CostUSD != 0 {
			t.Errorf("%s: the kept answer is %+v", name, second)
		}
		if !bytes.Equal(first.Object, second.Object) || first.Model != second.Model || first.RequestID != second.RequestID || first.Form != second.Form {
			t.Errorf("%s: %+v was kept as %+v", name, first, second)
		}
		other, schema, none := request, request, request
		other.Digest, schema.Schema, none.Digest = "two", json.RawMessage(`{"type":"object","properties":{},"required":[],"additionalProperties":false}`), ""
		for i, req := range []llm.Request{other, schema, none, none} {
			if ask(t, p, req); len(s.Requests()) != i+2 {
				t.Errorf("%s: question %d was not asked", name, i)
			}
		}
		elsewhere, q := asking(t, store, func(o *cache.Options) { o.Asked = "elsewhere" }, llmtest.Fixed(`{"b":2}`))
		if ask(t, q, request); len(elsewhere.Requests()) != 1 {
			t.Errorf("%s: an answer of another server was taken", name)
		}
	}
}

// TestNotKept asks again after errors, after answers of no worth, after the time is over, and without a time.
func TestNotKept(t *testing.T) {
	for name, c := range map[string]struct {
		behaviour llmtest.Behaviour
		change    func(*cache.Options)
	}{
		"an error":  {llmtest.Failing(http.StatusServiceUnavailable, "overloaded", "busy"), nil},
		"no worth":  {llmtest.Fixed("{}"), func(o *cache.Options) { o.Keep = func(json.RawMessage) bool { return false } }},
		"too old":   {llmtest.Fixed("{}"), func(o *cache.Options) { o.TTL = time.Nanosecond }},
		"no time":   {llmtest.Fixed("{}"), func(o *cache.Options) { o.TTL = 0 }},
		"no store":  {llmtest.Fixed("{}"), func(o *cache.Options) { o.Store = broken{} }},
		"no answer": {llmtest.Fixed("{}"), func(o *cache.Options) { o.Store = garbage{} }},
	} {
		s, p := asking(t, &cache.Memory{}, c.change, c.behaviour)
		for range 2 {
			resp, _ := p.Complete(t.Context(), request)
			if !resp.KeptSince.IsZero() {
				t.Errorf("%s: kept %+v", name, resp)
			}
		}
		if n := len(s.Requests()); n != 2 {
			t.Errorf("%s: %d requests", name, n)
		}
	}
}

type broken struct{}

func (broken) Get(context.Context, string) ([]byte, time.Time, error) {
	return nil, time.Time{}, errors.New("the store is down")
}
func (broken) Put(context.Context, string, []byte) error { return errors.New("the store is down") }

type garbage struct{}

func (garbage) Get(context.Context, string) ([]byte, time.Time, error) {
	return []byte(`{"object":`), time.Now(), nil
}
func (garbage) Put(context.Context, string, []byte) error { return nil }

// TestTogether asks once for all who ask at a time.
func TestTogether(t *testing.T) {
	const all = 8
	waiting, release := make(chan struct{}), make(chan struct{})
	s, p := asking(t, &cache.Memory{}, nil, func(w http.ResponseWriter, req llmtest.Request) {
		close(waiting) // panics when it is asked twice
		<-release
		llmtest.Fixed("{}")(w, req)
	})
	var wg sync.WaitGroup
	var mu sync.Mutex
	paid := 0
	one := func() {
		resp, err := p.Complete(t.Context(), request)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		if resp.Usage.In > 0 {
			paid++
		}
	}
	wg.Go(one)
	<-waiting
	for range all - 1 {
		wg.Go(one)
	}
	close(release)
	wg.Wait()
	if len(s.Requests()) != 1 || paid != 1 {
		t.Errorf("%d requests, %d paid", len(s.Requests()), paid)
	}
}

// TestLeaderGivesUp: who asks for others as well and ends does not end them.
func TestLeaderGivesUp(t *testing.T) {
	waiting, release := make(chan struct{}), make(chan struct{})
	s, p := asking(t, &cache.Memory{}, nil, func(http.ResponseWriter, llmtest.Request) {
		close(waiting)
		<-release
	}, llmtest.Fixed("{}"))
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := p.Complete(ctx, request); !errors.Is(err, context.Canceled) {
			t.Errorf("the one who gave up: %v", err)
		}
	})
	<-waiting
	wg.Go(func() {
		if _, err := p.Complete(t.Context(), request); err != nil {
			t.Errorf("the one who waited: %v", err)
		}
	})
	cancel()
	close(release)
	wg.Wait()
	if n := len(s.Requests()); n != 2 {
		t.Errorf("%d requests", n)
	}
}

// TestMemoryForgets holds the memory to its limits: the oldest answers go.
func TestMemoryForgets(t *testing.T) {
	m := &cache.Memory{}
	put := func(key string, bytes int) {
		if err := m.Put(t.Context(), key, make([]byte, bytes)); err != nil {
			t.Fatal(err)
		}
	}
	has := func(key string) bool {
		body, _, err := m.Get(t.Context(), key)
		return err == nil && body != nil
	}
	for i := range 300 {
		put(fmt.Sprint(i), 10)
	}
	if has("43") || !has("44") || !has("299") {
		t.Error("not the latest 256 are kept")
	}
	put("large", 16<<20)
	if !has("large") || has("299") {
		t.Error("more than 16 MiB are kept")
	}
	put("larger", 16<<20+1)
	put("small", 10)
	if has("larger") || has("large") || !has("small") {
		t.Error("more than 16 MiB are kept")
	}
	put("small", 20)
	if body, _, _ := m.Get(t.Context(), "small"); len(body) != 20 {
		t.Errorf("%d bytes are kept", len(body))
	}
}
