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
	PromptHash string         `json:"promptHash"`        // SHA-256 of the prompt as sent
	Usage      llm.Usage      `json:"usage"`             // of all rounds
	CostUSD    *float64       `json:"costUsd,omitempty"` // of all rounds; nil is unknown
	Rounds     int            `json:"rounds"`
	Kept       time.Time      `json:"kept,omitzero"`      // when the first round was answered, if all are answers to identical questions
	Redacted   map[string]int `json:"redacted,omitempty"` // places where a secret was removed from the prompt, by kind
	Notes      []string       `json:"notes,omitempty"`    // what the prompt had to leave out, and why
	Answer     string         `json:"answer"`             // JSON text of the chosen round
}

// count adds a response. What all rounds cost is known only when each of them is.
func (a *Exchange) count(resp llm.Response, err error) {
	if llm.Unasked(err) || errors.Is(err, budget.ErrRefused) {
		return // it cost nothing
	}
	if a.Rounds == 0 {
		a.Kept = resp.KeptSince
	}
	if resp.KeptSince.IsZero() {
		a.Kept = time.Time{}
	}
	switch {
	case resp.CostUSD == nil:
		a.CostUSD = nil
	case a.Rounds == 0:
		a.CostUSD = resp.CostUSD
	case a.CostUSD != nil:
		sum := *a.CostUSD + *resp.CostUSD
		a.CostUSD = &sum
	}
	a.Rounds++
	a.Usage = a.Usage.Add(resp.Usage)
}

// noteCached notes that nobody was asked.
func (a *Exchange) noteCached() {
	if !a.Kept.IsZero() {
		a.Notes = append(slices.Clone(a.Notes), fmt.Sprintf("The answer is the one to an identical question, of %s: it cost nothing, and was "+
			"checked anew.", a.Kept.UTC().Format("2006-01-02 15:04 UTC")))
	}
}

// bill notes what the rounds spent.
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

// leaveOut notes that a round was not allowed after another one had brought an answer.
func (a *Exchange) leaveOut(err error) {
	if a.Answer != "" && errors.Is(err, budget.ErrRefused) {
		a.Notes = append(slices.Clone(a.Notes), "The answer was not sent back for repair. "+reason(err))
	}
}
