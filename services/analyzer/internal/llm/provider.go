// Package llm asks a large language model for a JSON object that follows a schema.
//
// Provider is the whole interface. The package knows HTTP and the protocols of providers; it knows nothing of profiles,
// and it judges no answer beyond its form. Keys appear in no error and no log.
package llm

import (
	"context"
	"encoding/json"
	"time"
)

// Provider answers requests. Implementations are safe for concurrent use.
type Provider interface {
	// Name is the provider as it is shown in results, for example "openai".
	Name() string
	// Complete asks once, with its own retries. Its errors wrap one of the Err… of this package, or the error of ctx
	// when that ended first.
	Complete(ctx context.Context, req Request) (Response, error)
}

// Role says who speaks in a message.
type Role string

// The roles of messages.
const (
	RoleUser      Role = "user"
	RoleAssistant Role = "assistant"
)

// Message is one turn of a conversation.
type Message struct {
	Role Role
	Text string
}

// Request asks for one JSON object.
type Request struct {
	System     string
	Messages   []Message
	SchemaName string
	Schema     json.RawMessage // strict JSON schema of the object
	Run        string          // whose question it is; not sent
	Digest     string          // the same for identical questions; not sent; empty: there is none like it
}

// Response is what a provider answered.
type Response struct {
	Object    json.RawMessage // a JSON object; whether it follows the schema is for the caller to check
	Model     string          // as the provider names it
	RequestID string
	Form      string // how the object was demanded: one of the Form… of this package
	Usage     Usage
	CostUSD   *float64 // nil: unknown
	Latency   time.Duration
	KeptSince time.Time // zero: the model was asked
}

// Usage counts tokens as the provider reports them. Zero is unknown.
type Usage struct {
	In        int `json:"in"`
	Out       int `json:"out"`
	CachedIn  int `json:"cachedIn,omitempty"`  // part of In
	Reasoning int `json:"reasoning,omitempty"` // part of Out
}

// Add returns the sum of two usages.
func (u Usage) Add(v Usage) Usage {
	return Usage{
		In: u.In + v.In, Out: u.Out + v.Out, CachedIn: u.CachedIn + v.CachedIn, Reasoning: u.Reasoning + v.Reasoning,
	}
}
