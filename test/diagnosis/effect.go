package diagnosis

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"squirrly.dev/pkg/events"
)

// Effect is what an answer of a model changed in an analysis of the rules.
type Effect struct {
	Proven       []string // what stands as proven and does not come from the rules, or changed in their findings, order or verdict
	Supported    []events.Finding
	Alternatives []string // changes that were added to findings of the rules
	Readings     int
	Doubts       int
	Claims       events.Claims
	Degraded     string
	TokensIn     int

	told, read []string
}

// Compared says what a model changed.
func Compared(rules, with events.Analysis) Effect {
	e := Effect{
		Readings: len(with.Readings), Doubts: len(with.Doubts), Degraded: strings.Join(with.DegradedWhy, "; "), TokensIn: with.Provenance.TokensIn,
	}
	if c := with.Provenance.Claims; c != nil {
		e.Claims = *c
	}
	if !reflect.DeepEqual(rules.Verdict, with.Verdict) {
		e.Proven = append(e.Proven, "the verdict: "+with.Verdict.Text())
	}
	var order []string
	for _, f := range with.Findings {
		i := slices.IndexFunc(rules.Findings, func(r events.Finding) bool { return r.ID == f.ID })
		switch {
		case i >= 0:
			order = append(order, f.ID)
			e.finding(rules.Findings[i], f)
		case f.Proof == events.ProofSupported:
			e.Supported = append(e.Supported, f)
		default:
			e.Proven = append(e.Proven, fmt.Sprintf("%s %s at %s", f.ID, f.Title, f.Anchor))
		}
	}
	if want := ids(rules.Findings); !slices.Equal(order, want) {
		e.Proven = append(e.Proven, fmt.Sprintf("the order of the findings: %q, was %q", order, want))
	}
	e.told, e.read = told(rules, with), texts(with.Readings)
	return e
}

func ids(all []events.Finding) []string {
	var out []string
	for _, f := range all {
		out = append(out, f.ID)
	}
	return out
}

// finding compares a finding of the rules with what it was before. A model may agree with it and add alternatives.
func (e *Effect) finding(was, is events.Finding) {
	for _, alternative := range is.Alternatives {
		if !slices.ContainsFunc(was.Alternatives, func(r events.Recommendation) bool { return reflect.DeepEqual(r, alternative) }) {
			e.Alternatives = append(e.Alternatives, fmt.Sprintf("%s (%s): %s", is.ID, is.Rule, settings(alternative)))
		}
	}
	was.Origin, was.Proof, was.Alternatives, is.Origin, is.Proof, is.Alternatives = "", "", nil, "", "", nil
	if !reflect.DeepEqual(was, is) {
		e.Proven = append(e.Proven, fmt.Sprintf("%s was changed: %s", is.ID, is.Title))
	}
}

func settings(r events.Recommendation) string {
	var out []string
	for _, kv := range r.Config {
		out = append(out, kv.Key+"="+kv.Value)
	}
	return strings.TrimSpace(r.Change + " " + strings.Join(out, ", "))
}

// told are the texts that stand as findings, or beside them in our words, and that the rules do not have.
func told(rules, with events.Analysis) []string {
	parts := func(a events.Analysis) []string {
		return texts([]any{a.Verdict, a.Findings, a.Observations, a.Doubts, a.Unverified, a.Evidence, a.Missing, a.Silenced})
	}
	before := parts(rules)
	return slices.DeleteFunc(parts(with), func(s string) bool { return slices.Contains(before, s) })
}

// texts are all strings in a value, keys of objects left out.
func texts(v any) []string {
	b, err := json.Marshal(v)
	var all any
	if err != nil || json.Unmarshal(b, &all) != nil {
		panic(fmt.Sprintf("diagnosis: %T has no texts: %v", v, err))
	}
	var out []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			out = append(out, v)
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			for _, item := range v {
				walk(item)
			}
		}
	}
	walk(all)
	return out
}

// Says returns the texts outside of readings that hold a word and that the rules do not have.
func (e Effect) Says(word string) []string { return holding(e.told, word) }

// Reads returns the readings that hold a word.
func (e Effect) Reads(word string) []string { return holding(e.read, word) }

func holding(all []string, word string) []string {
	var out []string
	for _, s := range all {
		if strings.Contains(s, word) {
			out = append(out, s)
		}
	}
	return out
}
