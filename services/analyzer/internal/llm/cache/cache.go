// Package cache keeps the answers of language models, so that a question that was asked before is not paid again.
//
// Questions are identical when provider, model, schema and prompt are, whatever marks the data in the prompt. What is
// kept is what the model wrote: it is checked against the profile like any other answer. What a question costs, and
// whether it may be asked at all, is for other packages.
package cache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/singleflight"

	"squirrly.dev/services/analyzer/internal/llm"
)

// Store keeps bodies by key. Implementations are safe for concurrent use, and may forget.
type Store interface {
	// Get returns a body with the time at which it was put; a nil body is not there.
	Get(ctx context.Context, key string) ([]byte, time.Time, error)
	Put(ctx context.Context, key string, body []byte) error
}

// Options of a provider that keeps answers.
type Options struct {
	Store  Store
	TTL    time.Duration              // 0: nothing is kept
	Asked  string                     // model and server: answers of others are not taken
	Keep   func(json.RawMessage) bool // whether an answer is worth keeping
	Logger *slog.Logger
}

// Provider returns a provider that answers identical questions with the answer it had, and asks one question once when
// several ask it at a time. A store that does not work is as if it were empty.
func Provider(next llm.Provider, o Options) llm.Provider {
	if o.TTL <= 0 {
		return next
	}
	return &keeping{Provider: next, o: o}
}

type keeping struct {
	llm.Provider

	o      Options
	flight singleflight.Group
}

// kept is the stored form of an answer.
type kept struct {
	Object    json.RawMessage `json:"object"`
	Model     string          `json:"model"`
	RequestID string          `json:"requestId,omitempty"`
	Form      string          `json:"form"`
}

// Complete implements llm.Provider.
func (k *keeping) Complete(ctx context.Context, req llm.Request) (llm.Response, error) {
	if req.Digest == "" {
		return k.Provider.Complete(ctx, req)
	}
	key := k.key(req)
	for {
		own := false
		done := k.flight.DoChan(key, func() (any, error) {
			own = true
			return k.answer(ctx, key, req)
		})
		select {
		case <-ctx.Done():
			return llm.Response{}, ended(ctx)
		case r := <-done:
			resp, _ := r.Val.(llm.Response)
			switch {
			case own:
				return resp, r.Err
			case r.Err == nil:
				return free(resp), nil
			case ctx.Err() != nil:
				return llm.Response{}, ended(ctx)
			}
			// Whoever asked had no luck, and perhaps just no time: the next one asks for itself.
		}
	}
}

func ended(ctx context.Context) error { return fmt.Errorf("wait for the answer: %w", ctx.Err()) }

// answer takes the answer that is kept, or asks.
func (k *keeping) answer(ctx context.Context, key string, req llm.Request) (llm.Response, error) {
	if resp, ok := k.find(ctx, key); ok {
		return resp, nil
	}
	resp, err := k.Provider.Complete(ctx, req)
	if err == nil && k.o.Keep(resp.Object) {
		k.keep(ctx, key, resp)
	}
	return resp, err
}

func (k *keeping) find(ctx context.Context, key string) (llm.Response, bool) {
	body, at, err := k.o.Store.Get(ctx, key)
	if err != nil {
		k.o.Logger.WarnContext(ctx, "kept answers cannot be read", "error", err)
	}
	var a kept
	if body == nil || time.Since(at) > k.o.TTL || json.Unmarshal(body, &a) != nil || !k.o.Keep(a.Object) {
		return llm.Response{}, false
	}
	return free(llm.Response{Object: a.Object, Model: a.Model, RequestID: a.RequestID, Form: a.Form, KeptSince: at}), true
}

func (k *keeping) keep(ctx context.Context, key string, resp llm.Response) {
	body, err := json.Marshal(kept{resp.Object, resp.Model, resp.RequestID, resp.Form})
	if err == nil {
		err = k.o.Store.Put(ctx, key, body)
	}
	if err != nil {
		k.o.Logger.WarnContext(ctx, "an answer cannot be kept", "error", err)
	}
}

// free is an answer that somebody else has paid.
func free(r llm.Response) llm.Response {
	if r.KeptSince.IsZero() {
		r.KeptSince = time.Now()
	}
	r.Usage, r.CostUSD, r.Latency = llm.Usage{}, new(float64), 0
	return r
}

// key is the same for identical questions.
func (k *keeping) key(req llm.Request) string {
	h := sha256.New()
	for _, part := range []string{k.Name(), k.o.Asked, req.SchemaName, string(req.Schema), req.Digest} {
		sum := sha256.Sum256([]byte(part))
		_, _ = h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}
