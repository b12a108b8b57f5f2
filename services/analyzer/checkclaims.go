package analyzer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/claim/check"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// ErrClaims says that claims cannot be checked: they are not in the required form, or about what the run does not have.
var ErrClaims = errors.New("claims that cannot be checked")

// claimsError is one of the kind [ErrClaims], in its own words.
type claimsError struct{ error }

// Unwrap gives access to the cause and the kind.
func (e claimsError) Unwrap() []error { return []error{e.error, ErrClaims} }

// CheckClaims decides claims about a run by its evidence, and asks nobody. They are JSON: a claim, a list of them, an answer of an
// LLM, a relation, or an object with "relations". The error is [ErrClaims] when they are in another form, or name an operator or a mechanism that there is
// not.
func (s *Service) CheckClaims(in Input, raw []byte) (Checked, error) {
	said, err := claim.DecodeFile(raw)
	if err != nil {
		return Checked{}, claimsError{err}
	}
	res, err := s.pipeline.Diagnose(in)
	if err != nil {
		return Checked{}, err
	}
	g, a := res.Ground(), &res.Analysis
	checker := check.New(*a, g)
	out := Checked{Run: a.Run, JobName: a.JobName, Claims: []CheckedClaim{}, Facts: []events.Fact{}}
	for i, c := range said.Claims {
		one, err := checkOne(checker, g.Operators(), c)
		if err != nil && len(said.Claims) > 1 {
			err = fmt.Errorf("claims[%d]: %w", i, err)
		}
		if err != nil {
			return Checked{}, claimsError{err}
		}
		out.add(g, a.Findings, one)
	}
	for _, r := range said.Relations {
		one := relationOf(r, checker.Relation(r))
		out.Relations = append(out.Relations, one)
		out.decide(one.Verdict)
		out.cite(g, a.Findings, one.Evidence)
	}
	return out, nil
}

// relationOf is a relation with what was decided.
func relationOf(r claim.Relation, d check.Decision) CheckedRelation {
	return CheckedRelation{Kind: string(r.Kind), A: r.A, B: text(r.B), Verdict: string(d.Verdict), Text: d.Text, Evidence: listed(d.Evidence)}
}

func checkOne(checker *check.Checker, all []diagnose.Operator, c claim.Claim) (CheckedClaim, error) {
	at := slices.IndexFunc(all, func(o diagnose.Operator) bool { return o.ID == c.Operator })
	if at < 0 {
		return CheckedClaim{}, noOperator(c.Operator, all)
	}
	title := ""
	if m := mechanisms.Default().Mechanism(c.Mechanism); m != nil {
		title = m.Title
	} else if c.Mechanism != claim.Other {
		return CheckedClaim{}, fmt.Errorf("no mechanism is called %q: `squirrly explain --possible` lists those that are possible", c.Mechanism)
	}
	j := checker.Claim(c)
	out := CheckedClaim{
		Operator: c.Operator, OperatorName: all[at].Name, Mechanism: c.Mechanism, Title: title,
		Verdict: string(j.Verdict), Text: j.Text, Evidence: listed(j.Evidence), Relations: []CheckedRelation{}, Changes: []CheckedChange{},
	}
	for i, d := range j.Relations { // in the order of the claim, as the changes
		out.Relations = append(out.Relations, relationOf(c.Because[i], d))
	}
	for i, d := range j.Changes {
		ch := c.Changes[i]
		out.Changes = append(out.Changes, CheckedChange{
			Kind: string(ch.Kind), Key: text(ch.Key), Value: text(ch.Value), Verdict: string(d.Verdict), Text: d.Text,
		})
	}
	return out, nil
}

// noOperator lists the operators that there are.
func noOperator(id string, all []diagnose.Operator) error {
	if len(all) == 0 {
		return fmt.Errorf("no operator is called %q: the run shows none", id)
	}
	var b strings.Builder
	for _, o := range all {
		fmt.Fprintf(&b, "\n  %-4s %s", o.ID, o.Name)
	}
	return fmt.Errorf("no operator is called %q, choose among%s", id, b.String())
}

// add takes in a claim that was checked, with what it cites.
func (c *Checked) add(g *diagnose.Ground, findings []events.Finding, one CheckedClaim) {
	c.decide(one.Verdict)
	c.Claims = append(c.Claims, one)
	c.cite(g, findings, one.Evidence)
	for _, r := range one.Relations {
		c.cite(g, findings, r.Evidence)
	}
}

// decide makes the verdict on all that of the worst one.
func (c *Checked) decide(verdict string) {
	rank := []string{"", ClaimHolds, ClaimUndecided, ClaimRefuted}
	if slices.Index(rank, verdict) > slices.Index(rank, c.Verdict) {
		c.Verdict = verdict
	}
}

// cite takes in the facts and findings of some ids, each once.
func (c *Checked) cite(g *diagnose.Ground, findings []events.Finding, cited []string) {
	for _, id := range cited {
		if f, ok := g.Fact(id); ok && !slices.ContainsFunc(c.Facts, func(f events.Fact) bool { return f.ID == id }) {
			c.Facts = append(c.Facts, f)
		}
		at := slices.IndexFunc(findings, func(f events.Finding) bool { return f.ID == id })
		if at >= 0 && !slices.ContainsFunc(c.Findings, func(f events.Finding) bool { return f.ID == id }) {
			c.Findings = append(c.Findings, findings[at])
		}
	}
}

// listed is a list that is never null in JSON.
func listed(ids []string) []string { return append([]string{}, ids...) }

// text is what an optional text says; empty for none.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
