package report

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"squirrly.dev/pkg/events"
)

// view is an analysis whose every text is safe to show, with the sentences that all formats share.
type view struct {
	events.Analysis

	facts map[string]int // position in Evidence by id
}

// pair is a named text, or a named list of names of code.
type pair struct {
	Name, Text string
	Code       bool     // Text is a name of the job's code or configuration
	List       []string // instead of Text
}

func newView(a events.Analysis) (view, error) {
	safe, err := tidy(a)
	if err != nil {
		return view{}, err
	}
	v := view{Analysis: safe, facts: make(map[string]int, len(safe.Evidence))}
	for i, f := range safe.Evidence {
		v.facts[f.ID] = i
	}
	return v, nil
}

// Title is the name of the job.
func (v view) Title() string {
	if v.JobName != "" {
		return v.JobName
	}
	return v.Identity.Job
}

// About says what was looked at, and when.
func (v view) About() []string {
	about := []string{v.Identity.String()}
	if v.FlinkVersion != "" {
		about = append(about, "Flink "+v.FlinkVersion)
	}
	if v.Run != "" {
		about = append(about, "run "+v.Run)
	}
	if !v.CreatedAt.IsZero() {
		about = append(about, moment(v.CreatedAt))
	}
	return about
}

// Label is the word before the headline.
func (v view) Label() string { return label(v.Verdict.Limit) }

// Headline is the verdict in a sentence or two, without the label when it begins with it.
func (v view) Headline() string {
	text := v.Verdict.Headline
	if n := len(v.Label()); len(text) > n && strings.EqualFold(text[:n], v.Label()) {
		if rest := strings.TrimLeft(text[n:], ".:; "); rest != "" {
			return capital(rest)
		}
	}
	return text
}

func capital(text string) string {
	r, n := utf8.DecodeRuneInString(text)
	if n == 0 {
		return text
	}
	return string(unicode.ToUpper(r)) + text[n:]
}

// VerdictFacts are the lines below the headline.
func (v view) VerdictFacts() []pair {
	d := v.Verdict
	var facts []pair
	add := func(name, text string) {
		if text != "" {
			facts = append(facts, pair{Name: name, Text: text})
		}
	}
	add("Fix", d.Fix)
	switch {
	case d.Limit == events.LimitVertex && d.Bound > 1 && d.NextLimit != "":
		add("Upper bound", times(d.Bound)+", then limited by "+d.NextLimit)
	case d.Bound > 1:
		add("Upper bound", times(d.Bound))
	case d.Limit == events.LimitVertex:
		add("Next limit", d.NextLimit)
	}
	add("Victims", strings.Join(d.Victims, ", "))
	add("Confidence", v.Confidence())
	add("Evidence", strings.Join(d.Evidence, ", "))
	return facts
}

// Confidence says how sure the verdict is.
func (v view) Confidence() string {
	text := string(v.Verdict.Confidence)
	if v.Verdict.Samples > 0 {
		text += " (" + plural(v.Verdict.Samples, "sample") + ")"
	}
	return text
}

// Note is the small print of a finding: severity, confidence, origin.
func (v view) Note(f events.Finding) string {
	return string(f.Severity) + " · confidence " + string(f.Confidence) + " · " + origin(f.Origin)
}

// Bottleneck are the lines of a finding in Key Bottlenecks.
func (v view) Bottleneck(f events.Finding) []pair {
	return filled(
		pair{Name: "Where it is", Text: f.Where},
		pair{Name: "How large it appears", Text: f.Size},
		pair{Name: "Why it matters", Text: f.Why},
		pair{Name: "Call path", List: f.Path},
	)
}

// Advice are the lines of a finding in Actionable Recommendations.
func (v view) Advice(f events.Finding) []pair {
	r := f.Recommendation
	lines := []pair{
		{Name: "Proposed change", Text: r.Change},
		{Name: "Why it helps", Text: r.Why},
		{Name: "Impact estimate", Text: r.Impact},
		{Name: "Trade-offs", Text: r.TradeOffs},
	}
	for _, c := range r.Config {
		lines = append(lines, pair{Name: "Setting", Text: c.Key + ": " + c.Value, Code: true})
	}
	return filled(append(lines, pair{Name: "Effort", Text: r.Effort})...)
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
		parts = append(parts, plural(f.Samples, "sample"))
	}
	if f.StdErr > 0 {
		parts = append(parts, "± "+percent(f.StdErr))
	}
	return strings.Join(parts, ", ")
}

// ChangeNote says how a finding changed since the baseline.
func (v view) ChangeNote(c events.Comparable) string {
	switch {
	case c.Before > 0 && c.After > 0:
		return percent(c.Before) + " → " + percent(c.After)
	case c.Before > 0:
		return "was " + percent(c.Before)
	case c.After > 0:
		return "now " + percent(c.After)
	}
	return ""
}

// Baseline names the run that the result is compared with.
func (v view) Baseline() string {
	c := v.Comparison
	text := "Compared with run " + c.BaselineRun
	if !c.BaselineAt.IsZero() {
		text += " of " + moment(c.BaselineAt)
	}
	return text
}

// ProvenanceLines say how the result came about.
func (v view) ProvenanceLines() []pair {
	p := v.Provenance
	by := "rules alone"
	if p.Provider != "" && p.Provider != "rules" {
		by = "rules and " + strings.TrimSpace(p.Provider+" "+p.Model)
	}
	lines := filled(
		pair{Name: "Analysis", Text: by},
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

func claims(p events.Provenance) string {
	var parts []string
	if c := p.Claims; c != nil {
		parts = append(parts, strconv.Itoa(c.Verified)+" verified, "+strconv.Itoa(c.Corrected)+" corrected, "+
			strconv.Itoa(c.Dropped)+" dropped")
	}
	if p.Grounding != nil {
		parts = append(parts, "grounding "+percent(*p.Grounding))
	}
	return strings.Join(parts, "; ")
}

func tokens(p events.Provenance) string {
	if p.TokensIn+p.TokensOut == 0 {
		return ""
	}
	text := count(p.TokensIn) + " in, " + count(p.TokensOut) + " out"
	if p.CostUSD > 0 {
		text += ", $" + strconv.FormatFloat(p.CostUSD, 'f', 4, 64)
	}
	return text
}
