package report

import (
	"regexp"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// What the short text shows.
const (
	shortFindings = 3
	wholeFindings = 2 // of them with place and change
	shortVertices = 6
	shortLines    = 3 // of the job graph
)

// short writes the verdict, what to change, and the job: what fits on a screen.
func (t *textWriter) short(v view) {
	t.head(v)
	if gain := v.Gain(); gain != "" {
		t.line("")
		t.pairs([]pair{{Name: "Gain", Text: gain, Strong: true}}, indent)
	}
	t.notices(v)
	for i, f := range v.Findings[:min(len(v.Findings), shortFindings)] {
		t.line("")
		t.shortFinding(v, f, i)
	}
	if len(v.Vertices) > 0 {
		t.line("")
		t.graph(v.shortGraph())
		t.vertices(v.shortVertices())
	}
	if c := v.Comparison; c != nil {
		t.line("")
		t.pairs([]pair{{Name: "Since the baseline", Text: c.Summary}}, indent)
	}
	t.line("")
	t.bullet("+ ", v.rest(t.whole), dim)
}

// shortFinding writes a finding, the further down the shorter: the first whole, the second with the first sentence of its
// change, the others by their title and what they cost.
func (t *textWriter) shortFinding(v view, f events.Finding, at int) {
	e := v.entry(f, nil)
	below := t.entryHead(e.ID, e.Title, joined(" · ", string(f.Severity), e.Proof, cost(f)), f.Severity)
	if at >= wholeFindings {
		return
	}
	change := f.Recommendation.Change
	if at > 0 {
		change = firstSentence(change)
	}
	if other := v.saidBy(f); other != "" {
		change = "As for " + other + "."
	}
	t.pairs(filled(
		pair{Name: "Where", Text: joined(" ", wording.Place(f.Anchor, f.Frame), in(f))},
		pair{Name: "Change", Text: change, Strong: true},
	), below)
}

// firstSentence of a text that has more of them.
func firstSentence(text string) string {
	if end := sentence.FindStringIndex(text); end != nil {
		return text[:end[0]+1]
	}
	return text
}

var sentence = regexp.MustCompile(`[.] [A-Z]`)

// in says in which vertices a finding is, when its cost does not.
func in(f events.Finding) string {
	if len(f.Vertices) == 0 || f.P > 0 && len(f.Vertices) == 1 {
		return ""
	}
	return "in " + wording.List(f.Vertices)
}

// shortGraph are the lines through what limits the job, or the first ones.
func (v view) shortGraph() [][]step {
	all := v.Graph()
	var lines [][]step
	for _, line := range all {
		if limiting(line) {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		lines = all
	}
	return lines[:min(len(lines), shortLines)]
}

// shortVertices are the vertices next to what limits the job, or the first ones.
func (v view) shortVertices() []events.VertexLoad {
	if len(v.Vertices) <= shortVertices {
		return v.Vertices
	}
	from := 0
	for i, x := range v.Vertices {
		if x.Role == "limit" {
			from = max(0, i-shortVertices/2)
			break
		}
	}
	from = min(from, len(v.Vertices)-shortVertices)
	return v.Vertices[from : from+shortVertices]
}

// rest says what the short text leaves out, and how to get the whole one.
func (v view) rest(whole string) string {
	var parts []string
	add := func(n int, one, several string) {
		if n == 1 {
			parts = append(parts, one)
		} else if n > 1 {
			parts = append(parts, wording.Count(n)+" "+several)
		}
	}
	add(len(v.Findings)-shortFindings, "one more finding", "more findings")
	add(len(v.Vertices)-shortVertices, "one more vertex", "more vertices")
	add(len(v.Observations)+len(v.Silenced), "one observation", "observations")
	add(len(v.Readings), "a suggestion of the model", "suggestions of the model")
	add(len(v.Missing), "what was missing", "parts that were missing")
	add(len(v.Evidence), "one fact", "facts")
	if len(parts) == 0 {
		return "The full report: " + whole + "."
	}
	return "In the full report (" + whole + "): " + wording.List(parts) + "."
}
