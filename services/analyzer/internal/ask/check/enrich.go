package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask/answer"
)

// enrich adds to a finding of the rules what holds. Its numbers, severity and rank stay.
func (c *checker) enrich(place string, said answer.Finding, f *events.Finding) {
	s := c.scope(place, said.Evidence)
	s.finding = f
	s.own = slices.Concat(f.Path, []string{f.Frame, f.Anchor})
	s.pool = append(s.pool, c.ofFinding(*f)...)
	for _, id := range f.Evidence {
		if fact, ok := c.facts[id]; ok {
			s.pool = append(s.pool, measuredBy(fact, c.sourceOf(fact))...)
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
		{&f.Where, t.where},
		{&f.Size, t.size},
		{&f.Why, t.why},
		{&f.Cause, t.cause},
		{&r.Change, t.change},
		{&r.Why, t.helps},
		{&r.Impact, t.impact},
		{&r.TradeOffs, t.tradeOffs},
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
		judge("a configuration key", clean(key), c.unknown(key) == "")
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
		c.count(place+" impactPct", fmt.Sprintf("The change was said to save %s %%.", wording.Decimal(r.ImpactPct, 1)),
			verdict{status: corrected, why: fmt.Sprintf("it is at most %s %%", wording.Decimal(p*100, 1))})
	}
}

// kept are the sentences of a finding that hold.
type kept struct {
	where, size, why, cause, change, helps, impact, tradeOffs []string
}

// say checks the texts of a finding.
func (c *checker) say(said answer.Finding, s *scope) kept {
	s.strict = true
	diagnosis, proposal := *s, *s
	diagnosis.blames = true
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
