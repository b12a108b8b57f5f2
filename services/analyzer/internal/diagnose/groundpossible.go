package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/fingerprint"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// leastThere is the part of a problem's samples from which on it is told at an operator.
const leastThere = 0.2

// findPossible looks for what the rules do not report and what may be all the same: the captures are read again with mechanisms
// that leave their samples to no other one, and that need only not be known to be impossible.
func (g *Ground) findPossible(one price, l *ledger) {
	if g.view.limit.Incident != nil {
		return // the job did not run, and the rules blame no frame either
	}
	v := g.view.relaxed()
	var all []Problem
	for _, group := range v.groups {
		if p := v.weigh(group); v.maybe(&p) {
			all = append(all, p)
		}
	}
	slices.SortStableFunc(all, moreImportant)
	v.measureAs(all, nil)
	for i := range all {
		g.place(v, &all[i], one, l)
	}
	for i := range g.operators {
		slices.SortStableFunc(g.operators[i].Possible, func(a, b Possible) int {
			return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Mechanism, b.Mechanism))
		})
	}
}

// relaxed is the view of somebody who takes nothing for settled that is not known.
func (v *View) relaxed() *View {
	r := *v.reading
	r.catalogue, r.scanner = matching(v.impossible(), true)
	r.modes = nil
	for _, m := range v.modes {
		again := &modeScans{mode: m.mode}
		for _, s := range m.scans {
			scanned := *s
			scanned.Scan = r.scanner.Scan(s.raw, s.Family)
			again.scans = append(again.scans, &scanned)
		}
		r.modes = append(r.modes, again)
	}
	a := attribute(&r)
	return &View{attribution: a, checked: v.checked, limit: v.limit, groups: gather(a), vertexFacts: v.vertexFacts}
}

// impossible are the mechanisms that this job is known not to have.
func (r *reading) impossible() []string {
	job := situation{r, &Problem{}}
	var out []string
	for i := range mechanisms.Default().Mechanisms {
		if m := &mechanisms.Default().Mechanisms[i]; !m.Open(job) {
			out = append(out, m.ID)
		}
	}
	return out
}

// maybe reports that a problem would be a finding if it were proven.
func (v *View) maybe(p *Problem) bool {
	s := situation{v.reading, p}
	switch {
	case p.Rule.Unexplained(), p.Rule.Role == mechanisms.RoleVictim, p.group.untimed(), p.Size < p.Rule.Warning:
		return false
	case v.restsInSource(p.group), v.negligible(p), v.ofNoJob(p), !p.Rule.Open(s), s.foreign():
		return false
	}
	return p.OnPath || p.open || v.limit.Limit == events.LimitUnknown || v.coresOf(p.group) >= minTE
}

// place tells a problem at the operators that it lies in and that have no finding of its mechanism.
func (g *Ground) place(v *View, p *Problem, one price, l *ledger) {
	at := slices.Clone(g.spread(p.counts.total()).by)
	sum := 0.0
	for i := range g.operators {
		if !p.in(&g.operators[i]) {
			at[i] = 0
		}
		sum += at[i]
	}
	var told *Possible
	for i := range g.operators {
		o := &g.operators[i]
		known := slices.ContainsFunc(o.Possible, func(other Possible) bool { return other.Mechanism == p.Rule.ID })
		if at[i] < minSamples || at[i] < leastThere*sum || known || g.reported(p.Rule, o) {
			continue
		}
		if told == nil {
			told = g.tell(v, p, one, l)
		}
		here := *told
		here.Samples = count64(at[i])
		here.Share = at[i] / max(1, float64(p.counts.total().Of.Samples))
		if p.OnPath && p.P > 0 {
			here.Share = p.P * at[i] / sum
		}
		o.Possible = append(o.Possible, here)
	}
}

// in reports that a problem lies in an operator.
func (p *Problem) in(o *Operator) bool {
	return p.lies()[o.row] || o.base != "" && p.lies()[o.base] || o.Process && p.Rule.Below == mechanisms.ScopeProcess
}

// reported reports that a finding of a mechanism is told at an operator.
func (g *Ground) reported(rule *mechanisms.Mechanism, o *Operator) bool {
	for i := range g.findings {
		if g.findings[i].Rule.ID == rule.ID && slices.Contains(o.Findings, findingID(i)) {
			return true
		}
	}
	return false
}

func findingID(i int) string { return fmt.Sprintf("R%d", i+1) }

// tell puts a problem into the words of a finding, and its facts into the ledger.
func (g *Ground) tell(v *View, p *Problem, one price, l *ledger) *Possible {
	v.advise(p)
	v.describe(p)
	v.cost(p, one)
	f := v.finding(p, l)
	f.Proof, f.Fingerprint, f.FingerprintVersion = events.ProofSupported, fingerprints([]Problem{*p})[0], fingerprint.Version
	if f.Severity.AtLeast(events.SeverityWarning) {
		f.Severity = events.SeverityWarning
	}
	for _, added := range l.facts {
		g.facts[added.ID] = added
	}
	l.facts = nil
	told := &Possible{Mechanism: p.Rule.ID, Finding: f}
	for _, id := range f.Evidence {
		if !g.analyzed[id] {
			told.Facts = append(told.Facts, g.facts[id])
		}
	}
	told.Why, told.Proves = g.reasons(v, p)
	return told
}

// reasons says why the rules do not report a problem, and what would prove it.
func (g *Ground) reasons(v *View, p *Problem) (why, proves string) {
	if open := p.Rule.Unknowns(situation{v.reading, p}); open != "" {
		return "It is not known whether this is so: " + open + ".", "It is proven where this is known to be so: " + open + "."
	}
	enough := wording.Percent(p.Rule.Warning)
	if i, part := g.covering(p); part >= 0.5 {
		id, rule := findingID(i), g.findings[i].Rule
		return fmt.Sprintf("%s (%s, rule %s) stands for it: %s of its samples are in %s, too.", id, rule.Title, rule.ID, wording.Percent(part), id),
			fmt.Sprintf("At least %s of the time in its frames outside those of %s would prove it.", enough, id)
	}
	if by := v.takers(p, g.view); by != "" {
		return "Its samples are also those of " + by + ", which the rules prefer.",
			fmt.Sprintf("At least %s of the time in its frames outside those of %s would prove it.", enough, by)
	}
	return "It is worth less than what the rules report.", fmt.Sprintf("More than %s of the time of what limits the job in its frames would prove it.", enough)
}

// covering is the finding that has the largest part of a problem's samples.
func (g *Ground) covering(p *Problem) (finding int, part float64) {
	total := p.counts.total()
	for i := range g.findings {
		other := &g.findings[i]
		if other.group == nil || other.counts.frame == nil || other.counts.total().Mode != total.Mode {
			continue
		}
		both, all, ok := g.Both(events.Fact{Count: total}, events.Fact{Count: other.counts.total()})
		if x := float64(both) / max(1, float64(all)); ok && x > part {
			finding, part = i, x
		}
	}
	return finding, part
}

// takers names the mechanisms to which one yields samples by the rules, where they have any.
func (v *View) takers(p *Problem, strict *View) string {
	rule := strict.catalogue.Mechanism(p.Rule.ID)
	var names []string
	for _, g := range strict.groups {
		if name := fmt.Sprintf("%s (rule %s)", g.rule.Title, g.rule.ID); g.rule.TakesFrom(rule) && v.overlap(p, g.rule) >= leastThere && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return wording.List(names)
}
