package question

import (
	"time"

	"squirrly.dev/services/analyzer/internal/ask"
	"squirrly.dev/services/analyzer/internal/llm"
)

// Preview is what an LLM would be sent about an input.
type Preview struct {
	System   string         `json:"system"`
	User     string         `json:"user"`
	Markdown string         `json:"markdown"`           // both as one readable text
	Model    string         `json:"model,omitempty"`    // that would be asked; empty when there is none
	Tokens   int            `json:"tokens"`             // of the whole prompt, in o200k_base; other vocabularies differ by up to a quarter
	Parts    map[string]int `json:"parts,omitempty"`    // tokens by part: system, and each block of data
	Redacted map[string]int `json:"redacted,omitempty"` // places where a secret was removed, by kind
	Left     []string       `json:"leftOut,omitempty"`  // context files and methods that are not sent, and parts of such
	Notes    []string       `json:"notes,omitempty"`    // what differs from what was asked for, and why
	Cost     *Estimate      `json:"cost,omitempty"`     // nil: no model would be asked, or its price is unknown
}

// Estimate is what one question would cost, in US dollars.
type Estimate struct {
	Prompt    float64 `json:"prompt"`    // with an empty answer
	Most      float64 `json:"most"`      // with the longest answer
	MaxOutput int     `json:"maxOutput"` // tokens of the longest answer
	Prices    string  `json:"prices"`    // the day of the price table
}

// Model is who would be asked.
type Model struct {
	Name      string
	MaxOutput int // tokens of the longest answer
	Prices    llm.Prices
}

// Show builds the prompt of a question and says what it amounts to; without a model there is no estimate. It asks nobody.
func Show(q ask.Input, m *Model) (Preview, error) {
	p, err := ask.Prompt(q)
	if err != nil {
		return Preview{}, err
	}
	out := Preview{
		System: p.System, User: p.User, Markdown: p.Markdown(), Tokens: p.Tokens.Whole,
		Parts: p.Tokens.Parts, Redacted: p.Redacted, Left: p.Left, Notes: p.Notes,
	}
	if m != nil {
		out.Model, out.Cost = m.Name, m.estimate(out.Tokens)
	}
	return out, nil
}

// estimate is what a prompt of so many tokens would cost; nil is unknown.
func (m *Model) estimate(tokens int) *Estimate {
	e := Estimate{MaxOutput: m.MaxOutput, Prices: m.Prices.Date.Format(time.DateOnly)}
	var known bool
	if e.Prompt, known = m.Prices.Estimate(m.Name, tokens, 0, time.Now()); !known {
		return nil
	}
	e.Most, _ = m.Prices.Estimate(m.Name, tokens, e.MaxOutput, time.Now())
	return &e
}
