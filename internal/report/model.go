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
	unproven     = "Supported, not proven"
	unprovenNote = "The evidence allows it, and the LLM chose it among what is possible."
	doubted      = "Doubt of the LLM"
	toldReadings = 5 // in the text; the other formats have them all
)

// provenFirst puts the findings that are proven before those that are not.
func provenFirst(all []events.Finding) {
	rank := map[bool]int{true: 0, false: 1}
	slices.SortStableFunc(all, func(a, b events.Finding) int { return rank[a.Proven()] - rank[b.Proven()] })
}

// Mark is what is said of a finding wherever it stands when it is not proven; empty for one that is.
func (v view) Mark(f events.Finding) string {
	switch {
	case f.Proven():
		return ""
	case f.Proof == events.ProofSupported:
		return unproven
	}
	return "Not proven"
}

// MarkNote says what the mark means, and what else the finding may be.
func (v view) MarkNote(f events.Finding) string {
	note := ""
	if f.Proof == events.ProofSupported {
		note = unprovenNote
	}
	return strings.TrimSpace(strings.Join(append([]string{note}, v.OtherCauses(f)...), " "))
}

// Source says whose a finding is; empty for one whose mark says it.
func (v view) Source(f events.Finding) string {
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

// OtherCauses say what else a finding may be that is not proven.
func (v view) OtherCauses(f events.Finding) []string {
	var all []string
	for _, a := range f.Alternatives {
		if !f.Proven() && strings.HasPrefix(a.When, "It may also be") {
			all = append(all, a.When)
		}
	}
	return all
}

// DoubtsOf are those about a finding.
func (v view) DoubtsOf(finding string) []events.Doubt {
	return about(v.Doubts, finding, func(d events.Doubt) string { return d.Finding })
}

// about are the items about a finding, or about the job when the id is empty.
func about[T any](all []T, finding string, of func(T) string) []T {
	return slices.DeleteFunc(slices.Clone(all), func(item T) bool { return of(item) != finding })
}

func (v view) doubtLines(finding string) []pair {
	var lines []pair
	for _, d := range v.DoubtsOf(finding) {
		lines = append(lines, pair{Name: doubted, Text: d.Text + parenthesis(strings.Join(d.Evidence, ", "))})
	}
	return lines
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

func (v view) readings() section {
	s := section{title: suggests, note: suggestsNote}
	for _, r := range v.Readings {
		about := string(r.Kind)
		if r.About != "" {
			about = r.About + ", " + about
		}
		s.items = append(s.items, about+": "+r.Text)
	}
	return s
}

func (t *textWriter) readings(s section) {
	left := len(s.items) - toldReadings
	s.items = s.items[:min(len(s.items), toldReadings)]
	t.section(s)
	if left > 0 {
		t.bullet("+ ", wording.Plural(left, "further one")+" in the other formats.", dim)
	}
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
