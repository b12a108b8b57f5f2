package prompt

import (
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// What the parts of the profile are worth beside the lines of the call trees, which are worth at most 1.
const (
	worthCited    = 3.0 // facts that findings cite
	worthTexts    = 2.0 // cause and change of a finding above info
	worthPossible = 2.0 // what is possible at an operator that limits
	worthSilenced = 1.0
	worthInfo     = 0.5 // cause and change of one that is info
	worthRemark   = 0.3
	worthOverlap  = 0.2  // what two findings have in common
	worthOther    = 0.1  // what is possible elsewhere, beside its size; and kinds of work, times theirs
	worthAround   = 0.01 // any other fact, times its size: trees tell the same
)

// Limits of what hostile or broken captures could make of the profile.
const (
	maxFindings = 20
	maxPossible = 30
	maxText     = 250 // bytes of the cause and the change of a finding
)

// profileBlock holds findings, what is possible, call trees and facts.
func (c cleaner) profileBlock(in Input, budget int) *block {
	b := &block{cleaner: c, title: "profile", budget: budget}
	b.findings(in)
	b.silenced(in.Analysis.Silenced)
	b.possible(in)
	for _, t := range in.Trees {
		b.tree(t)
	}
	b.facts(in)
	b.observations(in.Analysis)
	return b
}

// findings lists those of the rules.
func (b *block) findings(in Input) {
	b.section("Findings", "id", "mechanism", "severity", "share", "samples", "speed-up at most", "operators", "facts", "title")
	if len(in.Analysis.Findings) == 0 {
		b.line(always, "none")
	}
	for _, f := range firstOf(in.Analysis.Findings, maxFindings) {
		share, bound := "", ""
		if f.P > 0 {
			share = percent(f.P)
		}
		if f.Bound > 0 {
			bound = wording.Decimal(f.Bound, 1) + "×"
		}
		at := b.entry(always, f.ID, b.name(f.Rule), b.label(string(f.Severity)), share, wording.Count(f.Samples), bound, b.ids(operatorsOf(in, f.ID)...),
			b.ids(f.Evidence...), b.sentence(f.Title))
		b.detail(at, always-1, "frame", b.place(&f))
		texts := worthInfo
		if f.Severity.AtLeast(events.SeverityWarning) {
			texts = worthTexts
		}
		b.detail(at, texts, "cause", shorten(b.sentence(f.Cause), maxText))
		b.changes(at, texts, &f)
	}
}

// place names the function and the frame of a finding.
func (b *block) place(f *events.Finding) string {
	if len(f.Path) == 0 { // no frame, but words: "task threads"
		return b.label(f.Frame)
	}
	if f.Anchor == "" || f.Anchor == f.Frame {
		return b.frame(f.Frame)
	}
	return b.frame(f.Anchor) + " > " + b.frame(f.Frame)
}

// changes tells what to do about a finding, and the settings among it.
func (b *block) changes(at int, worth float64, f *events.Finding) {
	b.detail(at, worth, "change", shorten(b.sentence(f.Recommendation.Change), maxText))
	var settings []string
	for _, r := range append([]events.Recommendation{f.Recommendation}, f.Alternatives...) {
		for _, kv := range r.Config {
			settings = append(settings, b.label(kv.Key)+"="+b.label(kv.Value))
		}
	}
	b.detail(at, worth, "settings", strings.Join(settings, ", "))
}

// operatorsOf lists the operators of a finding.
func operatorsOf(in Input, finding string) []string {
	var out []string
	for _, o := range in.Operators {
		if slices.Contains(o.Findings, finding) {
			out = append(out, o.ID)
		}
	}
	return out
}

// silenced lists the causes that a finding stands for.
func (b *block) silenced(all []events.Silenced) {
	b.section("Silenced", "mechanism", "share", "finding that stands for it", "what")
	for _, s := range firstOf(all, maxFindings) {
		b.row(worthSilenced, b.name(s.Rule), percent(s.Share), b.ids(s.By), b.sentence(s.Title))
	}
}

// tree renders the lines of a tree, indented by depth.
func (b *block) tree(t Tree) {
	b.section(fmt.Sprintf("Call tree %s: id, share, self, frame < callers", b.label(string(t.Mode))))
	for _, line := range t.Lines {
		var text strings.Builder
		fmt.Fprintf(&text, "%s%s %.1f %.1f %s", b.name(line.ID), strings.Repeat(" ", min(line.Depth, maxIndent)), line.Share*100, line.Self*100, b.frame(line.Frame))
		for i, caller := range line.Callers {
			text.WriteString([]string{" < ", ", "}[min(i, 1)] + b.frame(caller))
		}
		if line.Operator != "" {
			text.WriteString(inOperator + b.ids(line.Operator))
		}
		at := b.line(line.Worth, text.String())
		b.rows[at].id = b.name(line.ID)
	}
}

// inOperator stands before the operator that a line lies in.
const inOperator = " @"

// maxIndent is the deepest indentation of a line of a tree.
const maxIndent = 40

// facts lists those of the profiles that the tables do not show, and what the possible rests on.
func (b *block) facts(in Input) {
	b.section("Facts", "id", "value", "what")
	cited := citedFacts(in.Analysis)
	for _, f := range in.Analysis.Evidence {
		worth := 0.0
		switch {
		case measured(f):
			continue
		case overlap(f):
			worth = worthOverlap
		case cited[f.ID]:
			worth = worthCited
		case strings.HasPrefix(f.ID, "T"): // a line of a tree
			continue
		case strings.HasPrefix(f.ID, "C"):
			worth = worthOther * min(1, max(0, f.Value))
		case f.Unit == wording.UnitShare:
			worth = worthAround * min(1, max(0, f.Value))
		}
		b.fact(worth, f)
	}
	told := factIDs(in.Analysis.Evidence)
	for _, p := range opens(in) {
		if p.fact.ID != "" && !told[p.fact.ID] {
			b.fact(p.worth, p.fact)
			told[p.fact.ID] = true
		}
	}
}

func factIDs(facts []events.Fact) map[string]bool {
	ids := map[string]bool{}
	for _, f := range facts {
		ids[f.ID] = true
	}
	return ids
}

// overlap reports a fact that says how much of a finding is in another one.
func overlap(f events.Fact) bool {
	return f.Count != nil && f.Count.Of != nil && len(f.Count.Of.Match) > 0
}

// fact adds a fact as a row.
func (b *block) fact(worth float64, f events.Fact) {
	b.entry(worth, f.ID, b.sentence(wording.Fact(f)), b.sentence(f.Text))
}

// observations are what the rules say beside findings.
func (b *block) observations(a events.Analysis) {
	b.section("Observations", "facts", "what")
	for _, o := range firstOf(a.Observations, maxFindings) {
		b.row(worthRemark, b.ids(o.Evidence...), b.sentence(o.Text))
	}
}

// citedFacts returns the ids of the facts that the verdict, the findings and the observations cite.
func citedFacts(a events.Analysis) map[string]bool {
	cited := map[string]bool{}
	add := func(ids []string) {
		for _, id := range ids {
			cited[id] = true
		}
	}
	add(a.Verdict.Evidence)
	for _, f := range a.Findings {
		add(f.Evidence)
	}
	for _, o := range a.Observations {
		add(o.Evidence)
	}
	return cited
}
