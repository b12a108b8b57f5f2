package check

import (
	"fmt"
	"slices"

	"squirrly.dev/internal/wording"
	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/diagnose"
)

// Claim decides a claim alone.
func (c *Checker) Claim(cl claim.Claim) Judgement {
	j := Judgement{claim: cl, operator: c.operator(cl.Operator)}
	for _, r := range cl.Because {
		j.Relations = append(j.Relations, c.relation(r, cl.Operator))
	}
	c.decideMechanism(&j)
	if j.Verdict == Refuted {
		return j
	}
	if at := slices.IndexFunc(j.Relations, func(d Decision) bool { return d.Verdict == Refuted }); at >= 0 {
		return refuse(j, "%s: what it rests on does not hold. %s", c.subject(&j), j.Relations[at].Text)
	}
	if slices.ContainsFunc(j.Relations, func(d Decision) bool { return d.Verdict == Undecided }) {
		j.Verdict = Undecided
	}
	c.decideChanges(&j)
	return j
}

// refuse refutes a claim.
func refuse(j Judgement, text string, args ...any) Judgement {
	j.Verdict, j.Text = Refuted, fmt.Sprintf(text, args...)
	j.Agrees, j.Finding, j.Facts, j.Changes = "", nil, nil, nil
	return j
}

// subject names what a claim is about: "Kryo serializes a generic type (B1) in O3 (Map)".
func (c *Checker) subject(j *Judgement) string {
	what, where := "A cause outside of the catalogue", "an operator that the run does not have"
	if m := c.catalogue.Mechanism(j.claim.Mechanism); m != nil {
		what = fmt.Sprintf("%s (%s)", m.Title, m.ID)
	} else if j.claim.Mechanism != claim.Other {
		what = "A mechanism that the catalogue does not have"
	}
	if j.operator != nil {
		where = fmt.Sprintf("%s (%s)", j.operator.ID, j.operator.Name)
	}
	return what + " in " + where
}

// decideMechanism decides a claim without its relations and changes.
func (c *Checker) decideMechanism(j *Judgement) {
	known := j.claim.Mechanism == claim.Other || c.catalogue.Mechanism(j.claim.Mechanism) != nil
	share := c.thing(j.claim.Share)
	switch {
	case j.operator == nil || !known:
		*j = refuse(*j, "%s: there is none.", c.subject(j))
		return
	case share.fact == nil || !share.known():
		*j = refuse(*j, "%s: it cites a share that this run does not have.", c.subject(j))
		return
	case j.claim.Mechanism != claim.Other && !c.present(j):
		*j = refuse(*j, "%s: its frames are not there, are below its threshold, or something that it needs is missing.", c.subject(j))
		return
	}
	inside := c.lies(j, &share)
	switch {
	case inside.Verdict == Refuted:
		*j = refuse(*j, "%s: %s", c.subject(j), inside.Text)
	case j.claim.Mechanism == claim.Other:
		c.decideOther(j, &share, inside)
	default:
		c.decideKnown(j, &share, inside)
	}
}

// lies decides that a share of a claim is one of time in its operator.
func (c *Checker) lies(j *Judgement, share *thing) Decision {
	f := share.fact
	if f.Count == nil {
		return c.liesUncounted(j, share)
	}
	some, all, ok := c.ground.Within(*f, j.operator.ID)
	if !ok || all == 0 {
		return unknown("%s counts no samples of operators.", share.name)
	}
	part := float64(some) / float64(all)
	what := fmt.Sprintf("%s of the samples of %s (%s) lie in %s", wording.Percent(part), share.name, wording.Count(all), j.operator.ID)
	if part < mostly {
		return Decision{Refuted, "only " + what + ".", ids(share)}
	}
	return Decision{Holds, what + ".", ids(share)}
}

// liesUncounted decides it for a number of metrics: it says something of a vertex, of the job, or of what cites it.
func (c *Checker) liesUncounted(j *Judgement, share *thing) Decision {
	f := share.fact
	cited := slices.ContainsFunc(j.operator.Findings, func(id string) bool {
		found := c.finding(id)
		return found != nil && found.Rule == j.claim.Mechanism && slices.Contains(found.Evidence, f.ID)
	})
	for i := range j.operator.Possible {
		p := &j.operator.Possible[i]
		cited = cited || p.Mechanism == j.claim.Mechanism && slices.Contains(p.Finding.Evidence, f.ID)
	}
	switch {
	case cited:
		return Decision{Holds, share.name + " is what shows it.", ids(share)}
	case f.Unit != wording.UnitShare && f.Unit != wording.UnitTE && f.Unit != "cores":
		return Decision{Refuted, fmt.Sprintf("%s measures no time.", share.name), ids(share)}
	case f.Vertex != "" && j.operator.Vertex != "" && f.Vertex != j.operator.Vertex:
		return Decision{Refuted, fmt.Sprintf("%s is not about %s.", share.name, j.operator.ID), ids(share)}
	}
	return unknown("%s counts no samples.", share.name)
}

// decideKnown decides a claim about a mechanism of the catalogue whose share is not elsewhere.
func (c *Checker) decideKnown(j *Judgement, share *thing, inside Decision) {
	for _, id := range j.operator.Findings {
		if f := c.finding(id); f != nil && f.Rule == j.claim.Mechanism {
			j.Verdict, j.Agrees, j.Evidence = inside.Verdict, f.ID, append(ids(share), f.ID)
			j.Text = fmt.Sprintf("%s: the rules prove it (%s).", c.subject(j), f.ID)
			return
		}
	}
	for i := range j.operator.Possible {
		p := &j.operator.Possible[i]
		switch {
		case p.Mechanism != j.claim.Mechanism:
		case inside.Verdict != Holds: // what is possible needs a share that is counted there
			j.Verdict, j.Text = Undecided, fmt.Sprintf("%s: it is possible; %s", c.subject(j), inside.Text)
			return
		default:
			f := p.Finding
			j.Verdict, j.Finding, j.Facts, j.share, j.Evidence = Undecided, &f, p.Facts, p.Share, each(ids(share), f.Evidence)
			j.Text = fmt.Sprintf("%s: it is possible and not proven. %s", c.subject(j), p.Why)
			return
		}
	}
}

// present reports that the claim's mechanism was found in its operator, or is possible there.
func (c *Checker) present(j *Judgement) bool {
	return slices.ContainsFunc(j.operator.Possible, func(p diagnose.Possible) bool { return p.Mechanism == j.claim.Mechanism }) ||
		slices.ContainsFunc(j.operator.Findings, func(id string) bool {
			f := c.finding(id)
			return f != nil && f.Rule == j.claim.Mechanism
		})
}
