package events

import "slices"

// Proof says how sure the cause of a finding is.
type Proof string

// The proofs.
const (
	ProofProven    Proof = "proven"    // rules alone decide it
	ProofSupported Proof = "supported" // the evidence allows it and does not prove it: an LLM chose it among what is possible
)

// Proven reports that rules alone decide the cause. A proof that is not known here counts as none.
func (f Finding) Proven() bool { return f.Proof == "" || f.Proof == ProofProven }

// Grade is the severity that filters go by: the highest of the findings, where one that is not proven is at most a warning.
func (a Analysis) Grade() Severity {
	unproven := func(f Finding) bool { return !f.Proven() }
	if !slices.ContainsFunc(a.Findings, unproven) {
		return a.Severity
	}
	highest := SeverityNone
	for _, f := range a.Findings {
		severity := f.Severity
		if unproven(f) && severity.AtLeast(SeverityWarning) {
			severity = SeverityWarning
		}
		if !highest.AtLeast(severity) {
			highest = severity
		}
	}
	return highest
}

// Doubt is a finding that an LLM does not believe, and what it claims instead. It removes and lowers nothing.
type Doubt struct {
	Finding  string   `json:"finding"` // id
	Text     string   `json:"text"`    // a sentence of ours: what is claimed, and what of it holds
	Evidence []string `json:"evidence,omitempty"`
}

// MaxReading bounds the text of a reading, in characters.
const MaxReading = 300

// Reading is what an LLM says in its own words, of at most [MaxReading] characters. Nobody has verified it, in any language.
type Reading struct {
	About string      `json:"about,omitempty"` // id of a finding; empty: the job
	Kind  ReadingKind `json:"kind"`
	Text  string      `json:"text"`
}

// ReadingKind says what a reading is.
type ReadingKind string

// The kinds of readings.
const (
	ReadingCause       ReadingKind = "cause"       // what is behind a finding
	ReadingChange      ReadingKind = "change"      // a sketch of what to change
	ReadingObservation ReadingKind = "observation" // something else
)
