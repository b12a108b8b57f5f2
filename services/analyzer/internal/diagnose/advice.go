package diagnose

import (
	"slices"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// maxAlternatives bounds the changes that are told beside the first one.
const maxAlternatives = 2

// advise chooses the changes of a problem's mechanism that work on this job, the best one first: what surely applies, and
// then what may, if it says how to tell. A change of settings is one only while some key of it can do something here.
func (v *View) advise(p *Problem) {
	s := situation{v.reading, p}
	values := s.values()
	p.Cause = mechanisms.Render(p.Rule.Cause, values)
	var sure, open []advised
	for i := range p.Rule.Changes {
		c := &p.Rule.Changes[i]
		applies := mechanisms.All(c.Applies, s)
		if applies == mechanisms.No || !s.editable(c.Edits) {
			continue
		}
		r, ok := s.recommend(c, values)
		switch {
		case !ok, applies == mechanisms.Unknown && r.When == "":
		case applies == mechanisms.Unknown:
			open = append(open, advised{c, r})
		default:
			r.When = ""
			sure = append(sure, advised{c, r})
		}
	}
	all := slices.Concat(sure, open)
	if len(all) == 0 {
		p.advice = events.Recommendation{
			Change: "Nothing that is known to help can be changed here: it is set already, does nothing on this job, or is code of others.",
			Why:    "Nothing else is known of this cause.",
			Effort: p.Rule.Changes[0].Effort,
		}
		return
	}
	p.advice = all[0].told
	if p.wider = all[0].change.Wider; p.wider {
		p.Bound = 0
	}
	for _, a := range all[1:min(len(all), 1+maxAlternatives)] {
		p.alternatives = append(p.alternatives, a.told)
	}
}

// advised is a change, and how it is told here.
type advised struct {
	change *mechanisms.Change
	told   events.Recommendation
}

// possible reports that nothing which is known of a problem's place speaks against its mechanism.
func (v *View) possible(p *Problem) bool { return p.Rule.Provable(situation{v.reading, p}) }

// effortConfig is the effort of a change that is nothing but settings.
const effortConfig = "config"

// recommend renders a change; ok is false when it consists of settings and none of them can do anything.
func (s situation) recommend(c *mechanisms.Change, values map[string]string) (r events.Recommendation, ok bool) {
	r = events.Recommendation{
		Change: mechanisms.Render(c.Do, values), Why: mechanisms.Render(c.Why, values), TradeOffs: mechanisms.Render(c.TradeOffs, values),
		When: mechanisms.Render(c.When, values), Effort: c.Effort, Links: c.Pages(s.Flink()),
	}
	if len(c.Set) > 0 {
		r.Config = s.settings(c)
	}
	return r, c.Effort != effortConfig || len(c.Set) == 0 || len(r.Config) > 0
}

// editable reports that somebody can make a change: nobody edits a class of Flink, and SQL has no program.
func (s situation) editable(e mechanisms.Edits) bool {
	switch e {
	case mechanisms.EditsFunction:
		return s.p.group == nil || !s.p.group.flinks
	case mechanisms.EditsProgram:
		return s.API() != apiSQL
	case mechanisms.EditsQuery:
		return s.API() != apiDataStream
	}
	return true
}

// fix is the first change in words, or empty.
func (p *Problem) fix() string { return p.advice.Change }
