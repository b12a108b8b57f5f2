package prompt

import (
	"strings"

	"squirrly.dev/pkg/events"
)

// Limits of the block of metrics, in lines.
const (
	maxMetricFacts = 40
	maxFailures    = 5
)

// measured reports whether a fact comes from metrics and not from a profile.
func measured(f events.Fact) bool {
	return strings.HasPrefix(f.ID, "M") || strings.HasPrefix(f.ID, "V")
}

// metricsBlock lists the facts from metrics, but for the loads that stand in the table of the vertices, and the failures.
func (c cleaner) metricsBlock(in Input) *block {
	b := &block{cleaner: c, title: "metrics", budget: maxMetricsTokens}
	b.section("Facts of metrics", "id", "value", "what")
	cited, loads := citedFacts(in.Analysis), vertexIDs(in.Analysis)
	shown := 0
	for _, f := range in.Analysis.Evidence {
		if !measured(f) || loads[f.Vertex] == f.ID || shown >= maxMetricFacts && !cited[f.ID] {
			continue
		}
		shown++
		worth := worthOther
		if cited[f.ID] {
			worth = worthCited
		}
		b.fact(worth, f)
	}
	b.section("Exceptions")
	for _, e := range firstOf(in.Failures, maxFailures) {
		b.line(worthSilenced, "  "+c.sentence(e))
	}
	return b
}
