package diagnose

import (
	"slices"
	"sync"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/fingerprint"
)

// conclusions are everything that an analysis says, before its facts have numbers.
type conclusions struct {
	verdict  summary
	findings []Problem // most important first
	remarks  []Problem
	facts    []fact // that stand for themselves
	silenced []events.Silenced
	price    price
}

// conclude puts the problems into words, prices them, and sums them up.
func conclude(v *View, r ranking, one price) conclusions {
	for i := range r.findings {
		v.advise(&r.findings[i])
	}
	t := conclusions{findings: v.order(r.findings), remarks: r.remarks}
	v.measure(t.findings)
	for i := range t.findings {
		p := &t.findings[i]
		if p.group != nil {
			v.describe(p)
			v.cost(p, one)
		}
	}
	t.price = one
	joined := v.joinAllocAndLock(t.findings)
	t.facts = slices.Concat(v.checked.facts, v.vertexFacts)
	if v.limit.starved.known {
		t.facts = append(t.facts, v.limit.starved.fact)
	}
	t.facts = slices.Concat(t.facts, joined, jobFacts(v.reading))
	t.silenced = v.silenced(t.findings)
	t.verdict = summarize(v, t.findings)
	return t
}

// write numbers the facts, in the order in which they appear, and renders the analysis.
func write(v *View, t *conclusions) Result {
	l := newLedger()
	l.addAll(t.facts)
	verdict := t.verdict.Verdict
	verdict.Evidence = l.addAll(t.verdict.facts)
	a := events.Analysis{
		Schema: events.AnalysisSchema, Verdict: verdict, Severity: events.SeverityNone,
		Vertices: v.vertexLoads(), Usage: v.usage(), Costs: v.costs(), Captures: v.captureStats(),
		Missing: slices.Concat(missing(v.reading, v.limit.Limit), v.checked.missing), DegradedWhy: v.degraded, Degraded: len(v.degraded) > 0,
		Provenance: events.Provenance{RulesVersion: v.catalogue.Version, Provider: "rules"},
	}
	prints := fingerprints(t.findings)
	for i := range t.findings {
		f := v.finding(&t.findings[i], l)
		f.ID, f.Fingerprint, f.FingerprintVersion = findingID(i), prints[i], fingerprint.Version
		a.Findings = append(a.Findings, f)
		if f.Severity.AtLeast(a.Severity) {
			a.Severity = f.Severity
		}
	}
	for i := range t.remarks {
		ids := l.addAll(t.remarks[i].Facts)
		if text := t.remarks[i].Remark; text != "" {
			a.Observations = append(a.Observations, events.Observation{Text: text, Evidence: ids, Origin: events.OriginRules})
		}
	}
	if v.ctx != nil {
		a.JobID, a.JobName, a.FlinkVersion = v.ctx.Job.ID, v.ctx.Job.Name, v.ctx.FlinkVersion
	}
	result := Result{Profiles: profiles(v, l), Around: around(v.reading, l, a.Findings), FollowUps: v.followUps()}
	a.Silenced = t.silenced
	a.Evidence, a.Counting = l.facts, counting(v.catalogue)
	laid := v.explain(a.Findings, t.findings)
	laid.Headline = a.Verdict.Headline
	a.Operators, a.Flame = operatorLoads(&laid), v.flame(&a.Verdict, a.Findings)
	result.Explain = func() Explanation { return laid }
	result.Analysis = a
	result.Ground = sync.OnceValue(func() *Ground { return newGround(v, &a, t, l) })
	return result
}

// finding renders a problem.
func (v *View) finding(p *Problem, l *ledger) events.Finding {
	f := events.Finding{
		Rule: p.Rule.ID, Layer: p.Rule.Layer, Category: p.Rule.Category, Title: p.Rule.Title, Severity: p.Severity, Confidence: p.Confidence,
		Anchor: p.Anchor, Frame: p.Frame, Path: p.Path, Vertices: p.Vertices, OnPath: p.OnPath, Mode: p.Mode,
		Samples: p.Samples, TE: p.TE, P: p.P, StdErr: p.StdErr, Share: p.countedShare(), Bound: p.Bound, Attainable: v.attainable(p), Cores: p.Cores,
		CostPerHour: p.CostPerHour, Currency: p.Currency, Where: p.Where, Size: p.Extent, Why: p.Why, Cause: p.Cause,
		Recommendation: p.advice, Alternatives: p.alternatives, Origin: events.OriginRules,
	}
	f.Recommendation.Impact = p.Impact
	f.Evidence = l.addAll(p.Facts)
	return f
}

// captureStats are the captures with the notes of the checks.
func (v *View) captureStats() []events.CaptureStats {
	stats := slices.Clone(v.stats)
	for _, n := range v.checked.notes {
		for i := range stats {
			if stats[i].JVM == n.jvm && stats[i].Mode == n.mode {
				stats[i].Notes = append(slices.Clip(stats[i].Notes), n.text)
				break
			}
		}
	}
	return stats
}
