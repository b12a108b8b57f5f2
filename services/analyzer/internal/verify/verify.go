package verify

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/answer"
	"squirrly.dev/services/analyzer/internal/facts"
)

// Check measures an answer by the evidence and merges what holds into a copy of the analysis.
func Check(in Input) Result {
	c := newChecker(in)
	explained := map[string]bool{}
	for i, f := range in.Answer.Findings {
		place := f.Ref
		if place == "" {
			place = fmt.Sprintf("further finding %d", i+1)
		}
		switch at := c.index(f.Ref); {
		case f.Ref == "":
			c.further(place, f)
		case at < 0 || explained[f.Ref]:
			c.count(place, "A finding refers to "+f.Ref+".", drop("the rules have no such finding, or it is explained already"))
		default:
			explained[f.Ref] = true
			c.enrich(place, f, &c.result.Analysis.Findings[at])
		}
	}
	for i, o := range in.Answer.Observations {
		c.observe(fmt.Sprintf("observation %d", i+1), o)
	}
	c.settle()
	return c.result
}

func newChecker(in Input) *checker {
	c := &checker{
		in: in, idle: in.Idle, facts: map[string]events.Fact{}, lexicon: &lexicon{}, hidden: map[string]bool{},
		planted: planted{runs: map[string]bool{}, words: map[string]bool{}},
		result:  Result{Analysis: copied(in.Analysis)},
	}
	if c.idle == nil {
		c.idle = IdleFrame
	}
	for _, f := range slices.Concat(in.Lines, in.Analysis.Evidence) {
		c.facts[f.ID] = f
	}
	c.learnNames()
	c.learnStrangers()
	return c
}

// copied returns a copy whose findings, observations and evidence can be changed.
func copied(a events.Analysis) events.Analysis {
	a.Findings = slices.Clone(a.Findings)
	for i := range a.Findings {
		a.Findings[i].Recommendation.Links = slices.Clone(a.Findings[i].Recommendation.Links)
	}
	a.Observations = slices.Clone(a.Observations)
	a.Unverified = slices.Clone(a.Unverified)
	a.Evidence = slices.Clone(a.Evidence)
	return a
}

// learnNames fills the lexicon.
func (c *checker) learnNames() {
	a := c.in.Analysis
	for _, f := range c.facts {
		c.lexicon.add(f.Frame)
		c.lexicon.addText(f.Text)
	}
	for _, v := range a.Vertices {
		c.lexicon.addText(v.Name)
	}
	for _, f := range a.Findings {
		for _, frame := range slices.Concat(f.Path, []string{f.Frame, f.Anchor}) {
			c.lexicon.add(frame)
		}
		for _, text := range texts(f) {
			c.lexicon.addText(text)
		}
	}
	for _, text := range slices.Concat(c.in.Files, c.in.Allowed.Texts, []string{a.Verdict.Headline, a.Verdict.Fix, a.JobName}) {
		c.lexicon.addText(text)
	}
	for _, key := range slices.Concat(c.in.Allowed.Keys, slices.Collect(maps.Keys(c.in.Settings))) {
		c.lexicon.add(key)
	}
	quoted := numeral.FindAllString(strings.Join(c.in.Files, "\n"), -1)
	for _, value := range c.in.Settings {
		quoted = append(quoted, numeral.FindAllString(value, -1)...)
	}
	c.files = " " + strings.Join(quoted, " ") + " "
}

// texts returns what the rules say about a finding.
func texts(f events.Finding) []string {
	r := f.Recommendation
	out := []string{f.Title, f.Where, f.Size, f.Why, f.Cause, r.Change, r.Why, r.Impact, r.TradeOffs}
	for _, kv := range r.Config {
		out = append(out, kv.Key+": "+kv.Value)
	}
	return out
}

// learnStrangers notes the texts that were not written by us.
func (c *checker) learnStrangers() {
	a := c.in.Analysis
	trusted := map[string]bool{}
	learn := func(text string) {
		for _, w := range words(text) {
			trusted[w] = true
		}
	}
	for _, text := range c.in.Allowed.Texts {
		learn(text)
	}
	for _, f := range a.Findings {
		learn(f.Cause + " " + f.Recommendation.Change + " " + f.Recommendation.Why)
	}
	learn(ordinary)
	strangers := slices.Concat(c.in.Files, []string{a.JobName})
	for _, value := range c.in.Settings {
		strangers = append(strangers, value)
	}
	for _, v := range a.Vertices {
		strangers = append(strangers, v.Name)
	}
	for _, f := range c.facts {
		strangers = append(strangers, f.Frame)
	}
	for _, text := range strangers {
		c.planted.add(text, trusted)
	}
}

func (c *checker) index(ref string) int {
	return slices.IndexFunc(c.result.Analysis.Findings, func(f events.Finding) bool {
		return f.ID == ref && f.Origin != events.OriginLLM
	})
}

// enrich adds to a finding of the rules what holds. Its numbers, severity and rank stay.
func (c *checker) enrich(place string, said answer.Finding, f *events.Finding) {
	s := c.scope(place, said.Evidence)
	s.own = slices.Concat(f.Path, []string{f.Frame, f.Anchor})
	s.pool = append(s.pool, ofFinding(*f, c.in.Analysis)...)
	for _, id := range f.Evidence {
		if fact, ok := c.facts[id]; ok {
			s.pool = append(s.pool, measuredBy(fact)...)
		}
	}
	c.lists(said, s)
	c.impact(said.Recommendation, f.P, place)
	t := c.say(said, s)
	r := &f.Recommendation
	grown := false
	for _, field := range []struct {
		to   *string
		kept []string
	}{
		{&f.Where, t.where}, {&f.Size, t.size}, {&f.Why, t.why}, {&f.Cause, t.cause},
		{&r.Change, t.change}, {&r.Why, t.helps}, {&r.Impact, t.impact}, {&r.TradeOffs, t.tradeOffs},
	} {
		grown = appendTo(field.to, field.kept) || grown
	}
	for _, link := range said.Links {
		if slices.Contains(c.in.Allowed.Links, link) && !slices.Contains(r.Links, link) {
			r.Links = append(r.Links, link)
			grown = true
		}
	}
	if grown {
		f.Origin = events.OriginBoth
		c.adopt(s, f)
	}
}

// maxField bounds a text after sentences were added, in bytes.
const maxField = 2000

// appendTo adds sentences that a text does not hold yet.
func appendTo(text *string, kept []string) bool {
	grown := false
	for _, s := range kept {
		if strings.Contains(*text, strings.TrimRight(s, ".")) || len(*text)+len(s) > maxField {
			continue
		}
		*text = strings.TrimSpace(finish(*text) + " " + s)
		grown = true
	}
	return grown
}

// adopt makes the cited lines of trees evidence of the finding.
func (c *checker) adopt(s *scope, f *events.Finding) {
	f.Evidence = slices.Clone(f.Evidence)
	for _, id := range slices.Sorted(maps.Keys(s.cited)) {
		if !slices.Contains(f.Evidence, id) {
			f.Evidence = append(f.Evidence, id)
		}
		c.evidence(id)
	}
}

// evidence makes sure that the analysis holds a fact that is cited.
func (c *checker) evidence(id string) {
	a := &c.result.Analysis
	if !slices.ContainsFunc(a.Evidence, func(f events.Fact) bool { return f.ID == id }) {
		a.Evidence = append(a.Evidence, c.facts[id])
	}
}

// scope checks the cited facts and returns what may be said with them.
func (c *checker) scope(place string, cited []answer.Evidence) *scope {
	s := &scope{place: place, cited: map[string]bool{}}
	for _, e := range cited {
		f, ok := c.facts[e.ID]
		if !ok {
			c.count(place+" evidence", "Cited was "+e.ID+".", drop("there is no such fact"))
			continue
		}
		if !s.cited[e.ID] {
			s.cited[e.ID] = true
			s.pool = append(s.pool, measuredBy(f)...)
		}
		measured := number{value: facts.Value(f), kind: kindOf(f.Unit)}
		claimed := number{value: e.Value, kind: measured.kind, slack: 0.005}
		if claimed.says(measured) || f.Unit == facts.UnitShare && math.Abs(e.Value-f.Value) <= 0.005 {
			c.count(place, "", verdict{status: verified})
			continue
		}
		s.wrong = append(s.wrong, wrongClaim{e.Value, f})
		c.count(place+" evidence", fmt.Sprintf("%s was said to be %s.", e.ID, facts.Number(e.Value, 2)),
			verdict{status: corrected, why: "the fact says " + facts.Print(f)})
	}
	return s
}

// lists checks the frames, keys and links that an answer lists.
func (c *checker) lists(said answer.Finding, s *scope) {
	judge := func(what, item string, ok bool) {
		v := verdict{status: verified}
		if !ok {
			v = verdict{status: dropped, why: what + " is not on the list or in the data", hide: what == "a link"}
		}
		c.count(s.place+" lists", item, v)
	}
	for _, frame := range said.Frames {
		judge("a frame", clean(frame), c.lexicon.knows(frame))
	}
	for _, key := range said.ConfigKeys {
		judge("a configuration key", clean(key), c.lexicon.knows(key))
	}
	for _, link := range said.Links {
		judge("a link", link, slices.Contains(c.in.Allowed.Links, link))
	}
}

// impact holds the promised gain to what the evidence allows.
func (c *checker) impact(r answer.Recommendation, p float64, place string) {
	switch {
	case r.ImpactPct == 0:
	case r.ImpactPct > 0 && r.ImpactPct <= p*100+0.5:
		c.count(place, "", verdict{status: verified})
	default:
		c.count(place+" impactPct", fmt.Sprintf("The change was said to save %s %%.", facts.Number(r.ImpactPct, 1)),
			verdict{status: corrected, why: fmt.Sprintf("it is at most %s %%", facts.Number(p*100, 1))})
	}
}

// kept are the sentences of a finding that hold.
type kept struct {
	where, size, why, cause, change, helps, impact, tradeOffs []string
}

// say checks the texts of a finding.
func (c *checker) say(said answer.Finding, s *scope) kept {
	diagnosis, proposal := *s, *s
	diagnosis.strict, diagnosis.blames = true, true
	proposal.proposal = true
	r := said.Recommendation
	return kept{
		where:     c.keep("where", said.Where, &diagnosis, false),
		size:      c.keep("size", said.Size, &diagnosis, false),
		why:       c.keep("why", said.Why, &diagnosis, true),
		cause:     c.keep("cause", said.Cause, &diagnosis, true),
		change:    c.keep("change", r.Change, &proposal, true),
		helps:     c.keep("why it helps", r.Why, s, true),
		impact:    c.keep("impact", r.Impact, s, true),
		tradeOffs: c.keep("trade-offs", r.TradeOffs, &proposal, true),
	}
}

// ofFinding returns the numbers that the rules measured for a finding.
func ofFinding(f events.Finding, a events.Analysis) []number {
	out := []number{
		{value: f.P * 100, kind: percent}, {value: f.Share * 100, kind: percent}, {value: f.StdErr * 100, kind: percent},
		{value: f.TE, kind: te}, {value: float64(f.Samples), kind: samples}, {value: f.Bound, kind: times},
	}
	for _, text := range texts(f) {
		out = append(out, numbers(maskNames(text))...)
	}
	for _, v := range a.Vertices {
		if slices.Contains(f.Vertices, v.ID) || slices.Contains(f.Vertices, v.Name) {
			out = append(out, ofVertex(v)...)
		}
	}
	if f.OnPath {
		v := a.Verdict
		out = append(out, numbers(maskNames(v.Headline))...)
		out = append(out, number{value: float64(v.Subtasks)}, number{value: float64(v.BusySubtasks)},
			number{value: v.Busy * 100, kind: percent})
	}
	return out
}

// ofVertex returns the numbers of the load of a vertex.
func ofVertex(v events.VertexLoad) []number {
	out := []number{
		{value: float64(v.Parallelism)}, {value: v.RecordsIn, kind: rate}, {value: v.RecordsOut, kind: rate},
	}
	for _, x := range []float64{v.Busy, v.BusyMax, v.Idle, v.BackPressured} {
		if x >= 0 {
			out = append(out, number{value: x * 100, kind: percent})
		}
	}
	return out
}

// settle brings the summary of the analysis in line with its findings.
func (c *checker) settle() {
	a := &c.result.Analysis
	for _, f := range a.Findings {
		if !a.Severity.AtLeast(f.Severity) {
			a.Severity = f.Severity
		}
	}
	a.Provenance.Claims = &events.Claims{}
	*a.Provenance.Claims = c.result.Claims
	if score, ok := c.result.Grounding(); ok {
		a.Provenance.Grounding = &score
	}
}
