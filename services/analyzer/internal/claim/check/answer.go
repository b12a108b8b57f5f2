package check

import (
	"cmp"
	"fmt"
	"slices"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/diagnose"
)

// Outcome is what an answer adds to an analysis.
type Outcome struct {
	Agrees       []string                           // ids of findings of the rules that a claim is the same as
	Alternatives map[string][]events.Recommendation // by finding: further changes
	Supported    *events.Finding                    // nil: none
	Facts        []events.Fact                      // that Supported cites
	Doubts       []events.Doubt
	Readings     []events.Reading
	Unverified   []string
	Claims       events.Claims
}

// Limits of what is told of an answer.
const (
	maxUnverified   = 20
	maxReadings     = 12
	maxAlternatives = 4 // of a finding, those of the rules too
)

// firstOfModel is the id of a finding that no rule made.
const firstOfModel = "L1"

// Answer decides all claims of an answer. The same answer comes to the same outcome.
func (c *Checker) Answer(a claim.Answer) Outcome {
	out := Outcome{Alternatives: map[string][]events.Recommendation{}}
	judged := make([]Judgement, len(a.Claims))
	for i, cl := range a.Claims {
		judged[i] = c.Claim(cl)
	}
	chosen := c.choose(judged)
	for i := range judged {
		j := &judged[i]
		about := c.count(&out, j, i == chosen)
		c.doubt(&out, j)
		out.read(c, about, events.ReadingCause, text(j.claim.Reading), false)
		for _, ch := range j.claim.Changes {
			out.read(c, about, events.ReadingChange, text(ch.Sketch), true)
		}
	}
	for _, o := range a.Observations {
		out.read(c, "", events.ReadingObservation, o.Reading, false)
	}
	if chosen >= 0 {
		j := &judged[chosen]
		out.Supported, out.Facts = c.supported(j), j.Facts
	}
	if more := len(out.Unverified) - maxUnverified; more > 0 {
		out.Unverified = append(out.Unverified[:maxUnverified], fmt.Sprintf("%s that do not hold are not told.", wording.Plural(more, "further statement")))
	}
	return out
}

// choose is the position of the claim that becomes a finding, or -1: the largest of those that are supported. Several that say
// different things of the same samples choose nothing.
func (c *Checker) choose(judged []Judgement) int {
	best := -1
	for i := range judged {
		j := &judged[i]
		if j.Finding == nil || slices.ContainsFunc(judged, func(other Judgement) bool { return c.rivals(j, &other) }) {
			continue
		}
		if best < 0 || cmp.Compare(weight(j), weight(&judged[best])) > 0 {
			best = i
		}
	}
	return best
}

// weight orders claims by how much they explain: what limits the job comes first.
func weight(j *Judgement) float64 {
	if j.operator.Limiting {
		return 1 + j.share
	}
	return j.share
}

// rivals reports that two supported claims are of different causes for the same samples.
func (c *Checker) rivals(a, b *Judgement) bool {
	if b.Finding == nil || a.claim.Operator != b.claim.Operator {
		return false
	}
	if a.claim.Mechanism == b.claim.Mechanism {
		return a.claim.Mechanism == claim.Other && a.claim.Share != b.claim.Share && c.overlap(a, b)
	}
	return c.overlap(a, b)
}

// overlap reports that samples of two claims are the same, as far as anybody can tell.
func (c *Checker) overlap(a, b *Judgement) bool {
	x, y := c.carrierOf(a), c.carrierOf(b)
	if x == nil || y == nil {
		return true
	}
	both, all, ok := c.ground.Both(*x, *y)
	return !ok || all == 0 || float64(both) >= isCalled*float64(all)
}

// carrierOf is the fact that counts the samples of a supported claim.
func (c *Checker) carrierOf(j *Judgement) *events.Fact {
	for _, id := range j.Finding.Evidence {
		for i := range j.Facts {
			if f := &j.Facts[i]; f.ID == id && f.Count != nil {
				return f
			}
		}
		if f := c.fact(id); f != nil && f.Count != nil {
			return f
		}
	}
	return nil
}

// count notes what became of a claim. It returns the id of the finding that the claim is about; empty for none.
func (c *Checker) count(out *Outcome, j *Judgement, chosen bool) (about string) {
	switch {
	case j.Verdict == Refuted:
		out.Claims.Refuted++
		out.Unverified = append(out.Unverified, j.Text)
	case j.Agrees != "":
		out.Claims.Verified++
		about = j.Agrees
		if !slices.Contains(out.Agrees, about) {
			out.Agrees = append(out.Agrees, about)
		}
	case chosen:
		out.Claims.Verified++
		about = firstOfModel
	default:
		out.Claims.Undecided++
		out.Unverified = append(out.Unverified, j.Text)
	}
	out.Claims.Dropped = out.Claims.Refuted + out.Claims.Undecided
	if about == "" {
		return ""
	}
	for _, ch := range j.Changes {
		switch {
		case ch.Verdict != Holds:
			out.Unverified = append(out.Unverified, fmt.Sprintf("A change against %s: %s", c.subject(j), ch.Text))
		case ch.New != nil && j.claim.Mechanism != claim.Other:
			out.add(c, about, *ch.New)
		}
	}
	return about
}

// add adds a change to those of a finding, unless it is there or there are enough.
func (out *Outcome) add(c *Checker, about string, r events.Recommendation) {
	there := out.Alternatives[about]
	n := len(there)
	if f := c.finding(about); f != nil {
		n += len(f.Alternatives)
	}
	if n < maxAlternatives && !slices.ContainsFunc(there, func(o events.Recommendation) bool { return o.Change == r.Change }) {
		out.Alternatives[about] = append(there, r)
	}
}

// doubt notes what a claim says against a finding. It changes nothing of it.
func (c *Checker) doubt(out *Outcome, j *Judgement) {
	f := c.finding(text(j.claim.Doubts))
	if f == nil || f.ID == j.Agrees {
		return
	}
	held := 0
	for _, d := range j.Relations {
		if d.Verdict == Holds {
			held++
		}
	}
	d := events.Doubt{Finding: f.ID, Text: fmt.Sprintf("The model claims something else than %s: %s", f.ID, j.Text)}
	if n := len(j.Relations); n > 0 {
		d.Text += fmt.Sprintf(" Of what it names for that, %d of %d hold.", held, n)
	}
	for _, id := range j.Evidence {
		if slices.ContainsFunc(c.analysis.Evidence, func(e events.Fact) bool { return e.ID == id }) {
			d.Evidence = append(d.Evidence, id)
		}
	}
	if !slices.ContainsFunc(out.Doubts, func(o events.Doubt) bool { return o.Finding == d.Finding && o.Text == d.Text }) {
		out.Doubts = append(out.Doubts, d)
	}
}

// read notes what of a text may be shown.
func (out *Outcome) read(c *Checker, about string, kind events.ReadingKind, said string, code bool) {
	shown, ok := c.clean(said, code)
	twice := slices.ContainsFunc(out.Readings, func(r events.Reading) bool { return r.Text == shown })
	if said == "" || !ok || twice || len(out.Readings) == maxReadings {
		return
	}
	out.Readings = append(out.Readings, events.Reading{About: about, Kind: kind, Text: shown})
}

// supported is the finding of the claim that was chosen: never above a warning, and with what else it may be.
func (c *Checker) supported(j *Judgement) *events.Finding {
	f := *j.Finding
	f.ID, f.Origin, f.Proof = firstOfModel, events.OriginLLM, events.ProofSupported
	if f.Severity.AtLeast(events.SeverityWarning) {
		f.Severity = events.SeverityWarning
	}
	f.Confidence = events.ConfidenceLow
	f.Alternatives = slices.Clone(f.Alternatives)
	for _, ch := range j.Changes {
		if ch.New != nil && j.claim.Mechanism != claim.Other && len(f.Alternatives) < maxAlternatives {
			f.Alternatives = append(f.Alternatives, *ch.New)
		}
	}
	for i := range j.operator.Possible {
		if p := &j.operator.Possible[i]; p.Mechanism != j.claim.Mechanism && len(f.Alternatives) < 2*maxAlternatives {
			f.Alternatives = append(f.Alternatives, c.mayAlsoBe(p))
		}
	}
	return &f
}

// mayAlsoBe is another mechanism that is possible in the place of a supported one.
func (c *Checker) mayAlsoBe(p *diagnose.Possible) events.Recommendation {
	r := p.Finding.Recommendation
	return events.Recommendation{
		Change: r.Change, Why: r.Why, Effort: r.Effort,
		When: fmt.Sprintf("It may also be %s (%s), with %s of the time.", p.Finding.Title, p.Mechanism, wording.Percent(p.Share)),
	}
}
