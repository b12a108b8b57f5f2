package report

import (
	"slices"
	"strconv"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// What a model has to say stands apart from what code decides: nobody may take one for the other.
const (
	suggests     = "The model suggests (not verified)"
	suggestsNote = "In the model's own words. No finding rests on them."
	refused      = "Claims that do not hold"
	refusedNote  = "What the model claimed, and the evidence refutes or does not decide. No finding rests on it."
	unproven     = "supported, not proven"
	unprovenNote = "The evidence allows it, and the LLM chose it among what is possible."
	doubted      = "Doubt of the LLM"
)

// provenFirst puts the findings that are proven before those that are not.
func provenFirst(all []events.Finding) {
	rank := map[bool]int{true: 0, false: 1}
	slices.SortStableFunc(all, func(a, b events.Finding) int { return rank[a.Proven()] - rank[b.Proven()] })
}

// source says whose a finding is; empty for one whose proof says it.
func (v view) source(f events.Finding) string {
	switch {
	case !f.Proven():
		return ""
	case f.Origin == events.OriginBoth && f.Proof == "": // of before, when the model explained findings
		return "by rules, in words of the LLM"
	case f.Origin == events.OriginBoth:
		return "by rules; the LLM claims the same"
	case f.Origin == events.OriginLLM:
		return "by the LLM"
	}
	return "by rules"
}

// otherCauses say what else a finding may be that is not proven.
func (v view) otherCauses(f events.Finding) []string {
	var all []string
	for _, a := range f.Alternatives {
		if !f.Proven() && strings.HasPrefix(a.When, "It may also be") {
			all = append(all, a.When)
		}
	}
	return all
}

// doubtsOf are those about a finding.
func (v view) doubtsOf(finding string) []events.Doubt {
	return about(v.Doubts, finding, func(d events.Doubt) string { return d.Finding })
}

// about are the items about a finding, or about the job when the id is empty.
func about[T any](all []T, finding string, of func(T) string) []T {
	return slices.DeleteFunc(slices.Clone(all), func(item T) bool { return of(item) != finding })
}

// ReadingsOf are those about a finding; about the job when the id is empty. One about a finding that is not here is told
// as one about the job.
func (v view) ReadingsOf(finding string) []events.Reading {
	return about(v.Readings, finding, func(r events.Reading) string { return r.About })
}

// attach lets each reading be about a finding that is here, or about the job.
func (v view) attach() {
	for i := range v.Readings {
		r := &v.Readings[i]
		if !slices.ContainsFunc(v.Findings, func(f events.Finding) bool { return f.ID == r.About }) {
			r.About = ""
		}
		if runes := []rune(r.Text); len(runes) > events.MaxReading {
			r.Text = string(runes[:events.MaxReading]) + lengthMarker
		}
	}
}

// readings are those about the job.
func (v view) readings() section {
	s := section{Title: suggests, Note: suggestsNote, Fold: true}
	for _, r := range v.ReadingsOf("") {
		s.Items = append(s.Items, string(r.Kind)+": "+r.Text)
	}
	return s
}

// claims say how many of the claims of a model hold. Analyses of before counted sentences, some of them corrected.
func claims(p events.Provenance) string {
	c := p.Claims
	if c == nil || c.Corrected > 0 || c.Refuted+c.Undecided != c.Dropped {
		return counted(p)
	}
	if c.Verified+c.Dropped == 0 {
		return "none"
	}
	text := strconv.Itoa(c.Verified) + " of " + strconv.Itoa(c.Verified+c.Dropped) + " hold"
	var rest []string
	if c.Refuted > 0 {
		rest = append(rest, strconv.Itoa(c.Refuted)+" refuted")
	}
	if c.Undecided > 0 {
		rest = append(rest, strconv.Itoa(c.Undecided)+" undecided")
	}
	return text + parenthesis(strings.Join(rest, ", "))
}

func counted(p events.Provenance) string {
	var parts []string
	if c := p.Claims; c != nil {
		parts = append(parts, strconv.Itoa(c.Verified)+" verified, "+strconv.Itoa(c.Corrected)+" corrected, "+
			strconv.Itoa(c.Dropped)+" dropped")
	}
	if p.Grounding != nil {
		parts = append(parts, "grounding "+wording.Percent(*p.Grounding))
	}
	return strings.Join(parts, "; ")
}
