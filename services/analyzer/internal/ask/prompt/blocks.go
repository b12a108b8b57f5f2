package prompt

import (
	"fmt"
	"strings"
	"time"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// Metrics are the names that the function metric knows.
var Metrics = []string{"busy", "busyMax", "idle", "backPressured", "recordsIn", "recordsOut", "parallelism"}

// maxChanges bounds the lines of a comparison of each kind.
const maxChanges = 20

// metric returns the function of the same name for one analysis.
func metric(a events.Analysis) func(vertex, name string) string {
	return func(vertex, name string) string {
		for _, v := range a.Vertices {
			if v.ID == vertex || v.Short() == vertex {
				return load(v, name)
			}
		}
		return "unknown"
	}
}

// load is a number of a vertex, or "unknown".
func load(v events.VertexLoad, name string) string {
	if text := number(v, name); text != unknown {
		return text
	}
	return "unknown"
}

func number(v events.VertexLoad, name string) string {
	switch name {
	case "busy":
		return percent(v.Busy)
	case "busyMax":
		return percent(v.BusyMax)
	case "idle":
		return percent(v.Idle)
	case "backPressured":
		return percent(v.BackPressured)
	case "recordsIn":
		return perSecond(v.RecordsIn)
	case "recordsOut":
		return perSecond(v.RecordsOut)
	case "parallelism":
		return wording.Decimal(float64(v.Parallelism), 0)
	}
	return unknown
}

// perSecond prints a rate; a negative one is unknown.
func perSecond(x float64) string {
	if x < 0 {
		return unknown
	}
	return wording.Decimal(x, 1)
}

// percent prints a share of 0 to 1; a negative one is unknown.
func percent(x float64) string {
	if x < 0 {
		return unknown
	}
	return wording.Decimal(x*100, 1) + " %"
}

// duration prints one; 0 is unknown.
func duration(d time.Duration) string {
	if d <= 0 {
		return unknown
	}
	return wording.Decimal(d.Seconds(), figures) + " s"
}

// comparisonBlock says what changed since the baseline run, and what became of the advice that was given then.
func (c cleaner) comparisonBlock(cmp *events.Comparison) *block {
	b := &block{cleaner: c, title: "comparison", budget: maxComparisonTokens}
	if cmp == nil {
		return b
	}
	b.section("Comparison with the run before")
	b.line(always, c.sentence(cmp.Summary))
	for _, caveat := range firstOf(cmp.Caveats, maxChanges) {
		b.line(worthTexts, "caveat: "+c.sentence(caveat))
	}
	for _, m := range firstOf(cmp.Measures, maxChanges) {
		text := fmt.Sprintf("%s: before %s, after %s %s", c.label(m.Name), wording.Decimal(m.Before, figures), wording.Decimal(m.After, figures), c.label(m.Unit))
		if !m.Significant {
			text += " (within what two runs of the same job differ by)"
		}
		b.line(worthTexts, text)
	}
	for _, ch := range firstOf(cmp.Changes, maxChanges) {
		at := b.line(worthSilenced, fmt.Sprintf("%s: %s, before %s, after %s", c.label(string(ch.Change)), c.sentence(ch.Title), percent(ch.Before), percent(ch.After)))
		if ch.Advice != "" && ch.Effect != "" {
			b.detail(at, worthSilenced, "advice then", c.sentence(ch.Advice)+" Its effect: "+c.label(strings.ReplaceAll(string(ch.Effect), "_", " ")))
		}
	}
	return b
}

// figures are the decimals of a measure: the CPU for 1,000 records is often a few hundredths of a second.
const figures = 3

// firstOf returns at most n elements.
func firstOf[T any](all []T, n int) []T { return all[:min(n, len(all))] }
