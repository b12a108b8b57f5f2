package ask

import (
	"slices"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/claim/check"
)

// merge adds to an analysis what holds of an answer. Verdict, order and numbers of the rules stay as they are: their findings
// get at most further changes, and what is merely supported comes after them and is a warning at most.
func merge(a events.Analysis, out check.Outcome) events.Analysis {
	a.Findings = slices.Clone(a.Findings)
	for i := range a.Findings {
		f := &a.Findings[i]
		if slices.Contains(out.Agrees, f.ID) {
			f.Origin, f.Proof = events.OriginBoth, events.ProofProven
		}
		if more := out.Alternatives[f.ID]; len(more) > 0 {
			f.Alternatives = slices.Concat(f.Alternatives, more)
		}
	}
	if f := out.Supported; f != nil {
		a.Findings = append(a.Findings, *f)
		if !a.Severity.AtLeast(f.Severity) {
			a.Severity = f.Severity
		}
		a.Evidence = slices.Clone(a.Evidence)
		for _, fact := range out.Facts {
			if !slices.ContainsFunc(a.Evidence, func(e events.Fact) bool { return e.ID == fact.ID }) {
				a.Evidence = append(a.Evidence, fact)
			}
		}
	}
	a.Doubts, a.Readings, a.Unverified = out.Doubts, out.Readings, out.Unverified
	claims := out.Claims
	a.Provenance.Claims = &claims
	if all := claims.Verified + claims.Dropped; all > 0 {
		grounding := float64(claims.Verified) / float64(all)
		a.Provenance.Grounding = &grounding
	}
	return a
}
