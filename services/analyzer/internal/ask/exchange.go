package ask

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/llm"
	"squirrly.dev/services/analyzer/internal/llm/budget"
)

// Exchange is an answer with where it came from. Its JSON form is what a caller stores.
type Exchange struct {
	Provider   string         `json:"provider"`
	Model      string         `json:"model,omitempty"`
	RequestID  string         `json:"requestId,omitempty"`
	PromptHash string         `json:"promptHash"` // SHA-256 of the prompt as sent
	Usage      llm.Usage      `json:"usage"`
	CostUSD    *float64       `json:"costUsd,omitempty"`  // nil is unknown
	Kept       time.Time      `json:"kept,omitzero"`      // when it was answered, if it is the answer to an identical question
	Redacted   map[string]int `json:"redacted,omitempty"` // places where a secret was removed from the prompt, by kind
	Notes      []string       `json:"notes,omitempty"`    // what the prompt had to leave out, and why
	Answer     string         `json:"answer"`             // JSON text
}

// count notes what a response cost.
func (a *Exchange) count(resp llm.Response, err error) {
	if llm.Unasked(err) || errors.Is(err, budget.ErrRefused) {
		return // it cost nothing
	}
	a.Kept, a.CostUSD, a.Usage = resp.KeptSince, resp.CostUSD, resp.Usage
}

// noteCached notes that nobody was asked.
func (a *Exchange) noteCached() {
	if !a.Kept.IsZero() {
		a.Notes = append(slices.Clone(a.Notes), fmt.Sprintf("The answer is the one to an identical question, of %s: it cost nothing, and was "+
			"checked anew.", a.Kept.UTC().Format("2006-01-02 15:04 UTC")))
	}
}

// bill notes what was spent.
func (a Exchange) bill(p *events.Provenance) {
	p.TokensIn, p.TokensOut = a.Usage.In, a.Usage.Out
	if a.CostUSD != nil {
		p.CostUSD = *a.CostUSD
	}
}

// Encode returns the form of an answer that is stored.
func (a Exchange) Encode() ([]byte, error) {
	b, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("encode the answer: %w", err)
	}
	return b, nil
}

// Load reads a stored answer.
func Load(b []byte) (Exchange, error) {
	var a Exchange
	if err := json.Unmarshal(b, &a); err != nil {
		return Exchange{}, fmt.Errorf("load the answer: %w", err)
	}
	if a.Answer == "" || a.Provider == "" {
		return Exchange{}, errors.New("load the answer: it is empty")
	}
	return a, nil
}
