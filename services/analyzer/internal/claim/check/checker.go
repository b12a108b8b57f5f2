package check

import (
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/keys"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// Ground is what claims are decided by. A [diagnose.Ground] is one.
type Ground interface {
	Operators() []diagnose.Operator
	Fact(id string) (events.Fact, bool)
	Within(f events.Fact, operator string) (inside, all int64, ok bool)
	Below(f events.Fact, paths []string) (below, all int64, ok bool)
	Both(a, b events.Fact) (both, all int64, ok bool)
	Frames(name string) []string
	Count(paths []string, operator string) (matching, active int64)
	Feeds(from, to string) mechanisms.Truth
	InForce(key string) (value string, sure bool)
	Job(operator string) keys.Job
}

// Verdict says what became of a claim, or of a part of it.
type Verdict string

// The verdicts.
const (
	Holds     Verdict = "holds"
	Refuted   Verdict = "refuted"
	Undecided Verdict = "undecided"
)

// Decision is what became of a part of a claim.
type Decision struct {
	Verdict  Verdict  `json:"verdict"`
	Text     string   `json:"text"`               // a sentence
	Evidence []string `json:"evidence,omitempty"` // ids of facts and findings
}

// ChangeDecision is what became of a change.
type ChangeDecision struct {
	Decision
	New *events.Recommendation `json:"new,omitempty"` // what can be told of it that the finding does not say yet
}

// Judgement is what became of a claim.
type Judgement struct {
	// Verdict is that of the claim as a whole. A claim is undecided when its mechanism is merely possible, whatever else holds:
	// no code proves it.
	Verdict   Verdict          `json:"verdict"`
	Text      string           `json:"text"` // a sentence: why
	Evidence  []string         `json:"evidence,omitempty"`
	Relations []Decision       `json:"relations,omitempty"` // in the order of the claim
	Changes   []ChangeDecision `json:"changes,omitempty"`   // likewise; none of a claim that is refuted
	// Agrees is the finding of the rules that says the same; empty for none.
	Agrees string `json:"agrees,omitempty"`
	// Finding is what the evidence supports, without an id; nil when the rules say it, or nothing does.
	Finding *events.Finding `json:"finding,omitempty"`
	Facts   []events.Fact   `json:"facts,omitempty"` // that the finding cites and the analysis does not have

	claim    claim.Claim
	operator *diagnose.Operator // nil when there is none of that id
	share    float64            // of what limits, that the finding takes
}

// Checker decides claims about one run. It is safe for concurrent use when its ground is.
type Checker struct {
	analysis  events.Analysis
	ground    Ground
	operators []diagnose.Operator
	catalogue *mechanisms.Catalogue
}

// New returns what decides claims about an analysis of the rules.
func New(a events.Analysis, g Ground) *Checker {
	return &Checker{analysis: a, ground: g, operators: g.Operators(), catalogue: mechanisms.Default()}
}

// Relation decides a relation alone.
func (c *Checker) Relation(r claim.Relation) Decision { return c.relation(r, "") }

func (c *Checker) operator(id string) *diagnose.Operator {
	for i := range c.operators {
		if c.operators[i].ID == id {
			return &c.operators[i]
		}
	}
	return nil
}

func (c *Checker) finding(id string) *events.Finding {
	for i := range c.analysis.Findings {
		if c.analysis.Findings[i].ID == id {
			return &c.analysis.Findings[i]
		}
	}
	return nil
}

// fact returns a fact of the analysis or of what is possible; nil for none.
func (c *Checker) fact(id string) *events.Fact {
	if f, ok := c.ground.Fact(id); ok {
		return &f
	}
	return nil
}

// text is what an optional text says; empty for none.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
