package report

import (
	"slices"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// entry is what a section says about one finding.
type entry struct {
	ID, Title string
	Severity  events.Severity // empty where the section is not the one that tells it
	Proof     string          // how well the finding is proven, in a word or two
	Unproven  bool
	Note      string // confidence, and whose it is
	Pairs     []pair
	Evidence  []string
	Links     []string
	Readings  []events.Reading // of the model, about this finding
	Anchor    string           // its name in a page
}

// findings are one entry for each finding: all that is to be said of it. What matters of several is said once.
func (v view) findings() section {
	s := section{Title: "Findings"}
	said := map[string]bool{}
	for _, f := range v.Findings {
		why := f.Why
		if said[why] {
			why = ""
		}
		said[f.Why] = true
		e := v.entry(f, slices.Concat(
			v.place(f), filled(pair{Name: "Why it matters", Text: why}, pair{Name: "Cause", Text: f.Cause}), v.advice(f), v.sure(f)))
		e.Links, e.Readings = f.Recommendation.Links, v.ReadingsOf(f.ID)
		s.Entries = append(s.Entries, e)
	}
	if len(v.Findings) == 0 {
		s.Items = []string{"None."}
	}
	return s
}

// entry is a finding with its severity and its evidence.
func (v view) entry(f events.Finding, lines []pair) entry {
	return entry{
		ID: f.ID, Title: f.Title, Severity: f.Severity, Proof: v.proof(f), Unproven: !f.Proven(), Note: v.note(f),
		Pairs: lines, Evidence: f.Evidence,
	}
}

// proof says how well a finding is proven.
func (v view) proof(f events.Finding) string {
	switch {
	case f.Proven():
		return "proven"
	case f.Proof == events.ProofSupported:
		return unproven
	}
	return "not proven"
}

// note is the small print of a finding: how sure it is, and whose.
func (v view) note(f events.Finding) string {
	return joined(" · ", "confidence "+string(f.Confidence), v.source(f))
}

// place says where a finding is, and how much it takes.
func (v view) place(f events.Finding) []pair {
	return filled(pair{Name: "Where", Text: f.Where}, pair{Name: "How much", Text: f.Size}, pair{Name: "Call path", List: shortFrames(f.Path)})
}

// shortFrames are the names of frames as a call tree shows them.
func shortFrames(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = wording.Frame(name)
	}
	return out
}

// sure are the reasons for which a finding may be another one.
func (v view) sure(f events.Finding) []pair {
	var note string
	if f.Proof == events.ProofSupported {
		note = unprovenNote
	}
	return filled(append([]pair{{Name: "How sure", Text: joined(" ", append([]string{note}, v.otherCauses(f)...)...)}}, v.doubtLines(f.ID)...)...)
}

// advice are the changes: the first one, and in short what else helps.
func (v view) advice(f events.Finding) []pair {
	r := f.Recommendation
	if other := v.saidBy(f); other != "" {
		return filled(pair{Name: "Change", Text: "As for " + other + ".", Strong: true}, pair{Name: "Gain", Text: r.Impact})
	}
	lines := []pair{
		{Name: "Change", Text: r.Change, Strong: true},
		{Name: "Applies", Text: r.When},
	}
	lines = append(lines, settings(r)...)
	lines = append(lines,
		pair{Name: "Why it helps", Text: r.Why}, pair{Name: "Gain", Text: r.Impact}, pair{Name: "Cost", Text: r.TradeOffs},
		pair{Name: "Effort", Text: r.Effort})
	for _, other := range f.Alternatives {
		if other.Change == "" { // nothing to do: what else it may be stands with how sure it is
			continue
		}
		lines = append(lines, pair{Name: "Or", Text: other.Change}, pair{Name: "Applies", Text: other.When})
		lines = append(lines, settings(other)...)
	}
	return filled(lines...)
}

// saidBy is the id of an earlier finding with the same change; empty when there is none.
func (v view) saidBy(f events.Finding) string {
	for _, earlier := range v.Findings {
		if earlier.ID == f.ID {
			break
		}
		if earlier.Recommendation.Change != "" && earlier.Recommendation.Change == f.Recommendation.Change {
			return earlier.ID
		}
	}
	return ""
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

// headings are the findings below the four headings that Squirrly began with.
func (v view) headings() []section {
	where, why, what := section{Title: "Key Bottlenecks"}, section{Title: "Root Causes"}, section{Title: "Actionable Recommendations"}
	for _, f := range v.Findings {
		where.Entries = append(where.Entries, v.entry(f, append(v.place(f), filled(pair{Name: "Why it matters", Text: f.Why})...)))
		if f.Cause != "" {
			cause := append(filled(pair{Name: "Cause", Text: f.Cause}), v.sure(f)...)
			why.Entries = append(why.Entries, entry{ID: f.ID, Title: wording.Place(f.Anchor, f.Frame), Proof: v.unprovenOnly(f), Unproven: !f.Proven(), Pairs: cause})
		}
		if lines := v.advice(f); len(lines) > 0 {
			what.Entries = append(what.Entries, entry{
				ID: f.ID, Title: f.Title, Proof: v.unprovenOnly(f), Unproven: !f.Proven(), Pairs: lines, Links: f.Recommendation.Links,
				Readings: v.ReadingsOf(f.ID),
			})
		}
	}
	if len(v.Findings) == 0 {
		where.Items = []string{"None."}
	}
	return []section{where, why, what}
}

func (v view) unprovenOnly(f events.Finding) string {
	if f.Proven() {
		return ""
	}
	return v.proof(f)
}

// Meta is the line below the title of an entry.
func (e entry) Meta() string { return joined(" · ", string(e.Severity), e.Proof, e.Note) }

// cost says in short how much a finding takes.
func cost(f events.Finding) string {
	switch {
	case f.P > 0 && len(f.Vertices) == 1:
		return wording.Percent(f.P) + " of " + f.Vertices[0]
	case f.P > 0:
		return wording.Percent(f.P) + " of the time"
	case f.Share > 0:
		return wording.Percent(f.Share) + " of the profile"
	}
	return ""
}

func (v view) doubtLines(finding string) []pair {
	var lines []pair
	for _, d := range v.doubtsOf(finding) {
		lines = append(lines, pair{Name: doubted, Text: d.Text + parenthesis(strings.Join(d.Evidence, ", "))})
	}
	return lines
}
