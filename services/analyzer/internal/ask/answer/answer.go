// Package answer is the form in which an LLM has to answer: its types, its JSON schema and a strict decoder.
//
// Nothing in it says whether an answer is true: that is the work of package check.
package answer

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"unicode/utf8"
)

// Limits of an answer. One that is larger is refused whole.
const (
	MaxBytes        = 256 << 10 // of the JSON text
	MaxFindings     = 20
	MaxObservations = 20
	MaxItems        = 40   // of each list in a finding or observation
	MaxText         = 4000 // bytes of one text
)

// SchemaName names the schema in a request to a provider.
const SchemaName = "squirrly_analysis"

//go:embed schema.json
var schema []byte

// Schema returns the JSON schema of an answer. It keeps to what the strict mode of structured output supports: every
// property is required, and no other is allowed.
func Schema() json.RawMessage { return bytes.Clone(schema) }

// ErrForm is what every error of Decode wraps: the answer is not in the required form.
var ErrForm = errors.New("answer is not in the required form")

// Answer is what an LLM says about an analysis.
type Answer struct {
	Findings     []Finding     `json:"findings"`
	Observations []Observation `json:"observations"`
}

// Finding explains a finding of the rules, or is a further one.
type Finding struct {
	Ref            string         `json:"ref"` // id of the rule finding, empty for a further finding
	Category       string         `json:"category"`
	Evidence       []Evidence     `json:"evidence"`
	Frames         []string       `json:"frames"`
	ConfigKeys     []string       `json:"configKeys"`
	Links          []string       `json:"links"`
	Where          string         `json:"where"`
	Size           string         `json:"size"`
	Why            string         `json:"why"`
	Cause          string         `json:"cause"`
	Recommendation Recommendation `json:"recommendation"`
}

// Evidence cites a fact.
type Evidence struct {
	ID    string  `json:"id"`
	Claim string  `json:"claim"`
	Value float64 `json:"value"` // as printed; shares in percent
}

// Recommendation says what to change.
type Recommendation struct {
	Change    string  `json:"change"`
	Why       string  `json:"why"`
	Impact    string  `json:"impact"`
	ImpactPct float64 `json:"impactPct"` // percent of the time that the change removes at most; 0 is unknown
	TradeOffs string  `json:"tradeOffs"`
}

// Observation is a remark with its evidence.
type Observation struct {
	Text     string   `json:"text"`
	Evidence []string `json:"evidence"`
}

// categories are those of the schema.
var categories = []string{
	"blocking", "serialization", "state", "network", "gc", "starvation", "lock", "cpu", "other",
}

// Decode reads an answer strictly: unknown fields, wrong types, trailing text and breached limits are errors that wrap
// ErrForm. Missing fields count as empty, since servers without structured output leave them out.
func Decode(raw []byte) (Answer, error) {
	var a Answer
	if len(raw) > MaxBytes {
		return a, fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrForm, len(raw), MaxBytes)
	}
	if !utf8.Valid(raw) {
		return a, fmt.Errorf("%w: not valid UTF-8", ErrForm)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&a); err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrForm, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Answer{}, fmt.Errorf("%w: text after the JSON object", ErrForm)
	}
	if err := a.check(); err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrForm, err)
	}
	return a, nil
}

// check enforces the limits.
func (a Answer) check() error {
	if len(a.Findings) == 0 && len(a.Observations) == 0 {
		return errors.New("neither findings nor observations")
	}
	if len(a.Findings) > MaxFindings {
		return fmt.Errorf("findings: %d, at most %d are allowed", len(a.Findings), MaxFindings)
	}
	if len(a.Observations) > MaxObservations {
		return fmt.Errorf("observations: %d, at most %d are allowed", len(a.Observations), MaxObservations)
	}
	for i, f := range a.Findings {
		if err := f.check(); err != nil {
			return fmt.Errorf("findings[%d]: %w", i, err)
		}
	}
	for i, o := range a.Observations {
		if len(o.Text) > MaxText || len(o.Evidence) > MaxItems {
			return fmt.Errorf("observations[%d]: too long", i)
		}
	}
	return nil
}

func (f Finding) check() error {
	r := f.Recommendation
	for _, text := range []string{f.Where, f.Size, f.Why, f.Cause, r.Change, r.Why, r.Impact, r.TradeOffs} {
		if len(text) > MaxText {
			return fmt.Errorf("a text has %d bytes, at most %d are allowed", len(text), MaxText)
		}
	}
	for _, n := range []int{len(f.Evidence), len(f.Frames), len(f.ConfigKeys), len(f.Links)} {
		if n > MaxItems {
			return fmt.Errorf("a list has %d items, at most %d are allowed", n, MaxItems)
		}
	}
	if f.Category != "" && !slices.Contains(categories, f.Category) {
		return errors.New("category is none of those in the schema")
	}
	for _, e := range f.Evidence {
		if math.Abs(e.Value) > 1e15 {
			return fmt.Errorf("evidence value %g is out of range", e.Value)
		}
	}
	return nil
}
