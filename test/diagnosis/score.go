package diagnosis

import (
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/pkg/events"
)

// Score is how one analysis measures up to the truth. Misses says in words what is wrong; without any, all is right.
type Score struct {
	First    bool // the planted cause is the first finding
	TopThree bool // it is among the first three
	Vertex   bool // the verdict names the right limit
	Fix      bool // the recommendation of the planted cause holds the fix
	Misses   []string
}

func (s *Score) miss(format string, args ...any) {
	s.Misses = append(s.Misses, fmt.Sprintf(format, args...))
}

// Bad scores an analysis of the bad variant.
func Bad(t *Truth, a events.Analysis) Score {
	var s Score
	if s.Vertex = limitRight(t, a.Verdict); !s.Vertex {
		s.miss("the verdict is %s %q", a.Verdict.Limit, a.Verdict.VertexName)
	}
	for _, f := range unwanted(t.MustNot, a) {
		s.miss("must not: %s", f)
	}
	if t.Negative() {
		s.First, s.TopThree, s.Fix = true, true, true
		s.severities(a, t.MaxSeverity)
		return s
	}
	const top = 3
	rank := slices.IndexFunc(a.Findings, t.planted)
	s.First, s.TopThree = rank == 0, rank >= 0 && rank < top
	switch {
	case rank < 0:
		s.miss("not found; first is %s", first(a))
	case rank > 0:
		s.miss("found at place %d; first is %s", rank+1, first(a))
	}
	if rank >= 0 {
		s.Fix = len(t.Fix) == 0 || t.Fix.In(fixTexts(a.Findings[rank])...)
		if !s.Fix {
			s.miss("the fix is not in %q", a.Findings[rank].Recommendation.Change)
		}
	}
	s.order(t.Order, a)
	return s
}

// GoodVariant scores an analysis of the variant with the fix: nothing may be above the severity.
func GoodVariant(g Good, a events.Analysis) Score {
	s := Score{First: true, TopThree: true, Fix: true, Vertex: true}
	s.severities(a, g.MaxSeverity)
	return s
}

// severities misses every finding above a severity.
func (s *Score) severities(a events.Analysis, most events.Severity) {
	for _, f := range a.Findings {
		if !most.AtLeast(f.Severity) {
			s.miss("%s %s above %s: %s at %s", f.Rule, f.Severity, most, f.Title, f.Anchor)
		}
	}
}

// order misses rules that are not there in the given order.
func (s *Score) order(want RuleIDs, a events.Analysis) {
	last := -1
	for _, rule := range want {
		at := slices.IndexFunc(a.Findings, func(f events.Finding) bool { return f.Rule == rule })
		if at <= last {
			s.miss("order: %s at place %d, after place %d", rule, at+1, last+1)
			return
		}
		last = at
	}
}

// planted reports whether a finding is the planted cause: the right rule at the right place.
func (t *Truth) planted(f events.Finding) bool {
	if len(t.Rule) > 0 && !slices.Contains(t.Rule, f.Rule) {
		return false
	}
	if t.Anchor.Regexp == nil && t.Frame.Regexp == nil {
		return true
	}
	places := append([]string{f.Anchor, f.Frame}, f.Path...)
	return t.Anchor.In(places...) || t.Frame.In(places...)
}

func limitRight(t *Truth, v events.Verdict) bool {
	switch t.Limit {
	case "any":
		return true
	case string(events.LimitVertex):
		return v.Limit == events.LimitVertex && (t.Vertex.Regexp == nil || t.Vertex.In(v.VertexName))
	}
	return string(v.Limit) == t.Limit
}

// unwanted lists what must not be said: in the verdict's blame, or in a finding above info.
func unwanted(p Patterns, a events.Analysis) []string {
	var bad []string
	if v := a.Verdict; p.In(v.VertexName, v.Anchor, v.Frame) && v.Limit == events.LimitVertex {
		bad = append(bad, fmt.Sprintf("the verdict blames %s, %s", v.VertexName, v.Anchor))
	}
	for _, f := range a.Findings {
		texts := append([]string{f.Rule, f.Title, f.Anchor, f.Recommendation.Change}, f.Vertices...)
		if f.Severity.AtLeast(events.SeverityWarning) && p.In(texts...) {
			bad = append(bad, fmt.Sprintf("%s %s at %s", f.Rule, f.Title, f.Anchor))
		}
	}
	return bad
}

// fixTexts are where a fix may be named.
func fixTexts(f events.Finding) []string {
	var texts []string
	for _, r := range append([]events.Recommendation{f.Recommendation}, f.Alternatives...) {
		texts = append(texts, r.Change, r.Why, r.Impact, r.TradeOffs)
		for _, c := range r.Config {
			texts = append(texts, c.Key, c.Key+": "+c.Value)
		}
	}
	return texts
}

func first(a events.Analysis) string {
	if len(a.Findings) == 0 {
		return "nothing"
	}
	f := a.Findings[0]
	return strings.TrimSpace(fmt.Sprintf("%s %s at %s (%s, p %.2f)", f.Rule, f.Severity, f.Anchor, f.Mode, f.P))
}

// Replaced lists the warnings that appear when the planted rules are switched off, and have nothing to do with the fault:
// neither at its place, nor about the same kind of work, which a rule for what lies above or below it would be.
func Replaced(t *Truth, on, off events.Analysis) []string {
	var bad []string
	category, anchor := "", ""
	if i := slices.IndexFunc(on.Findings, t.planted); i >= 0 {
		category, anchor = on.Findings[i].Category, on.Findings[i].Anchor
	}
	for _, f := range off.Findings {
		known := slices.ContainsFunc(on.Findings, func(g events.Finding) bool {
			return g.Fingerprint == f.Fingerprint && g.Severity.AtLeast(f.Severity)
		})
		places := append([]string{f.Anchor, f.Frame}, f.Path...)
		related := f.Category == category || f.Anchor == anchor || t.Anchor.In(places...) || t.Frame.In(places...)
		if f.Severity.AtLeast(events.SeverityWarning) && !known && !related {
			bad = append(bad, fmt.Sprintf("%s at %s", f.Rule, f.Anchor))
		}
	}
	return bad
}

// Jaccard is the smallest likeness of the sets of findings of any two analyses, 0 to 1: how many they share over how
// many they have together. Findings below the severity do not count.
func Jaccard(all []events.Analysis, least events.Severity) float64 {
	smallest := 1.0
	for i, a := range all {
		for _, b := range all[i+1:] {
			smallest = min(smallest, likeness(fingerprints(a, least), fingerprints(b, least)))
		}
	}
	return smallest
}

func fingerprints(a events.Analysis, least events.Severity) map[string]bool {
	set := map[string]bool{}
	for _, f := range a.Findings {
		if f.Severity.AtLeast(least) {
			set[f.Fingerprint] = true
		}
	}
	return set
}

func likeness(a, b map[string]bool) float64 {
	both := 0
	for f := range a {
		if b[f] {
			both++
		}
	}
	if all := len(a) + len(b) - both; all > 0 {
		return float64(both) / float64(all)
	}
	return 1
}
