package analyzer

import "squirrly.dev/pkg/events"

// Verdicts about a claim, a relation or a change.
const (
	ClaimHolds     = "holds"
	ClaimRefuted   = "refuted"
	ClaimUndecided = "undecided" // the evidence allows it, or is not enough: a choice among what is possible is never proven
)

// Checked says what became of claims about a run.
type Checked struct {
	Run     string         `json:"run,omitempty"`
	JobName string         `json:"jobName,omitempty"`
	Verdict string         `json:"verdict"` // of all: refuted when one is, else undecided when one is, else holds
	Claims  []CheckedClaim `json:"claims"`
	// Relations are those that were checked for themselves, of no claim.
	Relations []CheckedRelation `json:"relations,omitempty"`
	Facts     []events.Fact     `json:"facts"`              // that are cited
	Findings  []events.Finding  `json:"findings,omitempty"` // of the rules, that are cited
}

// CheckedClaim is a claim and what the evidence says about it.
type CheckedClaim struct {
	Operator     string            `json:"operator"` // id
	OperatorName string            `json:"operatorName"`
	Mechanism    string            `json:"mechanism"` // id, or other
	Title        string            `json:"title"`     // of the mechanism
	Verdict      string            `json:"verdict"`
	Text         string            `json:"text"`     // why, in a sentence
	Evidence     []string          `json:"evidence"` // ids of facts and findings
	Relations    []CheckedRelation `json:"relations"`
	Changes      []CheckedChange   `json:"changes"`
}

// CheckedRelation is a relation and what the evidence says about it.
type CheckedRelation struct {
	Kind     string   `json:"kind"`
	A        string   `json:"a"`
	B        string   `json:"b,omitempty"`
	Verdict  string   `json:"verdict"`
	Text     string   `json:"text"`
	Evidence []string `json:"evidence"`
}

// CheckedChange is a change of a claim, and whether it may be advised.
type CheckedChange struct {
	Kind    string `json:"kind"`
	Key     string `json:"key,omitempty"`
	Value   string `json:"value,omitempty"`
	Verdict string `json:"verdict"`
	Text    string `json:"text"` // why not, or the advice
}
