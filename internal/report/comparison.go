package report

import (
	"math"
	"strconv"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// measures are the sentence and the figures of the whole job since the baseline.
func (v view) measures() section {
	c := v.Comparison
	if c == nil {
		return section{}
	}
	s := section{Title: "Since the baseline", Note: c.Summary, Items: append([]string{v.baseline()}, c.Caveats...)}
	for _, g := range c.Graphs {
		s.Items = append(s.Items, "Differential flame graph, "+string(g.Mode)+": "+g.Key)
	}
	if len(c.Measures) > 0 {
		s.Table = &table{Head: []string{"Measure", "Before", "Now", "Change"}, Right: []bool{false, true, true, true}}
	}
	for _, m := range c.Measures {
		s.Table.Rows = append(s.Table.Rows, plain(m.Name+" ("+m.Unit+")", amount(m.Unit, m.Before), amount(m.Unit, m.After), growth(m)))
	}
	return s
}

// changes are what became of each finding.
func (v view) changes() section {
	if v.Comparison == nil || len(v.Comparison.Changes) == 0 {
		return section{}
	}
	t := &table{Head: []string{"Finding", "Change", "Before", "Now"}, Right: []bool{false, false, true, true}}
	for _, c := range v.Comparison.Changes {
		t.Rows = append(t.Rows, plain(v.changeName(c), string(c.Change), v.changeBefore(c), v.changeAfter(c)))
	}
	return section{Title: "Findings since the baseline", Note: v.changeNote(), Table: t}
}

// earlierAdvice is the verdict on what was recommended before.
func (v view) earlierAdvice() section {
	s := section{Title: "Earlier recommendations"}
	for _, c := range v.advised() {
		s.Items = append(s.Items, effect(c.Effect)+": "+c.Advice+parenthesis(v.changeName(c)))
	}
	return s
}

// advised are the findings of the baseline that came with advice.
func (v view) advised() []events.Comparable {
	var all []events.Comparable
	if v.Comparison == nil {
		return nil
	}
	for _, c := range v.Comparison.Changes {
		if c.Advice != "" && c.Effect != "" {
			all = append(all, c)
		}
	}
	return all
}

// baseline names the run that the result is compared with.
func (v view) baseline() string {
	c := v.Comparison
	text := "Compared with run " + c.BaselineRun
	if !c.BaselineAt.IsZero() {
		text += " of " + moment(c.BaselineAt)
	}
	return text
}

// changeName names a finding by its rule and place, or by its title.
func (v view) changeName(c events.Comparable) string {
	if c.Where == "" {
		return c.Title
	}
	return strings.TrimSpace(c.Rule + " " + c.Where)
}

// changeNote says what the changes were judged by.
func (v view) changeNote() string {
	for _, c := range v.Comparison.Changes {
		if c.Unit != "" && c.Unit != unitShare {
			return "By the time for each 1,000 records where it is known, else by the share of time."
		}
	}
	return ""
}

// changeBefore is what a finding took in the baseline run.
func (v view) changeBefore(c events.Comparable) string { return taken(c, c.CostBefore, c.Before) }

// changeAfter is what it takes now.
func (v view) changeAfter(c events.Comparable) string { return taken(c, c.CostAfter, c.After) }

func taken(c events.Comparable, cost, share float64) string {
	switch {
	case c.Unit != "" && c.Unit != unitShare && c.CostBefore+c.CostAfter > 0 && cost > 0:
		return amount(c.Unit, cost) + " " + c.Unit
	case c.Unit != "" && c.Unit != unitShare && c.CostBefore+c.CostAfter > 0:
		return wording.Unknown
	case share > 0:
		return wording.Percent(share)
	}
	return wording.Unknown
}

const (
	unitShare = "share"
	unitRate  = "records/s"
)

// amount writes a figure in a unit, without the unit.
func amount(unit string, x float64) string {
	const fine, coarse = 10, 1000
	switch {
	case unit == unitShare:
		return wording.Percent(x)
	case unit == unitRate || math.Abs(x) >= coarse:
		return wording.Rate(x)
	case math.Abs(x) >= fine:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}

// growth writes how a figure changed.
func growth(m events.Measure) string {
	if m.Before <= 0 || math.IsInf(m.After/m.Before, 0) || math.IsNaN(m.After) {
		return wording.Unknown
	}
	text := ""
	switch change := math.Round((m.After/m.Before - 1) * 100); { //nolint:mnd // per cent
	case m.After >= 2*m.Before:
		text = wording.Times(m.After / m.Before)
	case change < 0:
		text = "−" + strconv.FormatFloat(-change, 'f', 0, 64) + " %"
	default:
		text = "+" + strconv.FormatFloat(change, 'f', 0, 64) + " %"
	}
	if !m.Significant {
		text = "(" + text + ")"
	}
	return text
}

// effect writes a verdict.
func effect(e events.Effect) string {
	switch e {
	case events.EffectHelped:
		return "helped"
	case events.EffectNone:
		return "no effect"
	case events.EffectWorse:
		return "worse"
	}
	return "not known"
}
