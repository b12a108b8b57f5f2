package report

import (
	"slices"
	"strconv"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// Note is the small print of a finding: severity, confidence, and whose it is.
func (v view) Note(f events.Finding) string {
	note := string(f.Severity) + " · confidence " + string(f.Confidence)
	if source := v.Source(f); source != "" {
		note += " · " + source
	}
	return note
}

// Bottleneck are the lines of a finding in Key Bottlenecks.
func (v view) Bottleneck(f events.Finding) []pair {
	return filled(append([]pair{
		{Name: "Where it is", Text: f.Where},
		{Name: "How large it appears", Text: f.Size},
		{Name: "Why it matters", Text: f.Why},
		{Name: "Call path", List: f.Path},
	}, v.doubtLines(f.ID)...)...)
}

// Advice are the lines of a finding in Actionable Recommendations: the first change, and in short what else helps.
func (v view) Advice(f events.Finding) []pair {
	r := f.Recommendation
	lines := []pair{
		{Name: "Proposed change", Text: r.Change},
		{Name: "Applies", Text: r.When},
		{Name: "Why it helps", Text: r.Why},
		{Name: "Impact estimate", Text: r.Impact},
		{Name: "Trade-offs", Text: r.TradeOffs},
	}
	lines = append(lines, settings(r)...)
	lines = append(lines, pair{Name: "Effort", Text: r.Effort})
	for _, other := range f.Alternatives {
		if other.Change == "" { // nothing to do: what else it may be stands beside the cause
			continue
		}
		lines = append(lines, pair{Name: "Or", Text: other.Change}, pair{Name: "Applies", Text: other.When})
		lines = append(lines, settings(other)...)
	}
	return filled(lines...)
}

func settings(r events.Recommendation) []pair {
	var lines []pair
	for _, c := range r.Config {
		lines = append(lines, pair{Name: "Setting", Text: c.Key + ": " + c.Value, Code: true})
	}
	return lines
}

func filled(lines ...pair) []pair {
	return slices.DeleteFunc(lines, func(p pair) bool { return p.Text == "" && len(p.List) == 0 })
}

// cited are the ids of the facts that the verdict, a finding or an observation rests on.
func (v view) cited() map[string]bool {
	cited := map[string]bool{}
	add := func(ids []string) {
		for _, id := range ids {
			cited[id] = true
		}
	}
	add(v.Verdict.Evidence)
	for _, f := range v.Findings {
		add(f.Evidence)
	}
	for _, o := range v.Observations {
		add(o.Evidence)
	}
	for _, d := range v.Doubts {
		add(d.Evidence)
	}
	return cited
}

// FactNote says where a fact comes from.
func (v view) FactNote(f events.Fact) string {
	var parts []string
	if f.Mode != "" {
		parts = append(parts, string(f.Mode))
	}
	if f.JVM != "" {
		parts = append(parts, f.JVM)
	}
	if f.Samples > 0 {
		parts = append(parts, wording.Plural(f.Samples, "sample"))
	}
	if f.StdErr > 0 {
		parts = append(parts, "± "+wording.Percent(f.StdErr))
	}
	return strings.Join(parts, ", ")
}

// ProvenanceLines say how the result came about.
func (v view) ProvenanceLines() []pair {
	p := v.Provenance
	by, asked := "rules alone", ""
	if p.Provider != "" && p.Provider != "rules" {
		by, asked = "rules", strings.TrimSpace(p.Provider+" "+p.Model)
	}
	lines := filled(
		pair{Name: "Analysis", Text: by},
		pair{Name: "LLM asked", Text: asked},
		pair{Name: "Note", Text: p.Note},
		pair{Name: "Claims of the LLM", Text: claims(p)},
		pair{Name: "Tokens", Text: tokens(p)},
		pair{Name: "Prompt", Text: p.PromptHash, Code: true},
		pair{Name: "Squirrly", Text: p.Squirrly},
		pair{Name: "Rules", Text: p.RulesVersion},
		pair{Name: "Job id", Text: v.JobID, Code: true},
		pair{Name: "Run", Text: v.Run, Code: true},
	)
	return lines
}

func tokens(p events.Provenance) string {
	if p.TokensIn+p.TokensOut == 0 {
		return ""
	}
	text := wording.Count(p.TokensIn) + " in, " + wording.Count(p.TokensOut) + " out"
	if p.CostUSD <= 0 {
		return text + ", cost unknown"
	}
	return text + ", $" + strconv.FormatFloat(p.CostUSD, 'f', 4, 64)
}
