package diagnose

import (
	"fmt"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// measured is what the texts of a problem say a number of samples of: the frame that they name, and the rule's pattern
// where that matched in several places. Whichever rule takes the samples, these are all of them.
type measured struct {
	frame  *events.Count // of Anchor → Frame
	all    *events.Count // of the whole pattern; nil in one place
	places int
	noun   string // what is counted: "ITIMER samples"
}

// measure counts what the texts of findings name, and what they share. What a problem takes of the time is another matter: no
// sample is taken twice.
func (v *View) measure(findings []Problem) {
	ids := map[*Problem]string{}
	for i := range findings {
		ids[&findings[i]] = findingID(i)
	}
	v.measureAs(findings, ids)
}

// measureAs does it for problems of which some are findings, by their ids.
func (v *View) measureAs(problems []Problem, ids map[*Problem]string) {
	byMode := map[*modeScans][]*Problem{}
	for i := range problems {
		v.addMeasured(byMode, &problems[i])
	}
	var asked []*Problem
	for _, m := range v.modes {
		if all := byMode[m]; len(all) > 0 {
			measureIn(m, all)
			shares(m, all, ids)
			asked = append(asked, all...)
		}
	}
	v.time(asked)
}

func (v *View) addMeasured(byMode map[*modeScans][]*Problem, p *Problem) {
	if p.group == nil {
		return
	}
	if m := v.modeScansOf(p.group.family()); m != nil {
		byMode[m] = append(byMode[m], p)
	}
	for i := range p.also {
		v.addMeasured(byMode, &p.also[i])
	}
	for i := range p.elsewhere {
		v.addMeasured(byMode, &p.elsewhere[i])
	}
}

func measureIn(m *modeScans, problems []*Problem) {
	list := make([]events.Count, 0, 2*len(problems))
	for _, p := range problems {
		list = append(list, p.group.described([]string{literal(p.Frame)}), p.group.described(p.group.pattern()))
	}
	sums, active := tallyAll(m, list)
	whole := m.counted(events.Count{}, active)
	for i, p := range problems {
		p.counts = measured{frame: partOf(m.counted(list[2*i], sums[2*i]), whole), places: len(p.group.tally(p.group.family()).frames), noun: m.samples()}
		if p.counts.places > 1 && len(list[2*i+1].Match) > 0 && sums[2*i+1] > sums[2*i] {
			p.counts.all = partOf(m.counted(list[2*i+1], sums[2*i+1]), whole)
		}
		if p.Samples = p.counts.frame.Samples; m.unit() != "" {
			p.Samples = 0 // values are no samples
		}
	}
}

func shareOf(c *events.Count) float64 { return share(uint64(c.Samples), uint64(c.Of.Samples)) } //nolint:gosec // not below 0

// total is the count of all that a problem matched.
func (m *measured) total() *events.Count {
	if m.all != nil {
		return m.all
	}
	return m.frame
}

// samplesText says how many samples a problem has: of the frame that is named, or of the pattern in all its places.
func (p *Problem) samplesText() string {
	c := p.counts.total()
	text := fmt.Sprintf("%s of the active %s (%s)", wording.Percent(shareOf(c)), p.counts.noun, wording.Count(c.Samples))
	if p.counts.all != nil {
		text += fmt.Sprintf(" in %d places, %s of them in %s", p.counts.places, wording.Count(p.counts.frame.Samples), wording.Simple(p.Frame))
	}
	return text
}

// overlapText says which other problems share the samples of what is named.
func (p *Problem) overlapText() string {
	if len(p.sharedWith) == 0 {
		return ""
	}
	text := wording.List(p.sharedWith) + " as well"
	if own := p.group.samples(); p.yields && own < uint64(p.counts.total().Samples) { //nolint:gosec // not below 0
		text += ", whose time is not in that of this one"
	}
	return text
}

// overlap states how many samples of a problem are those of another one, too.
func overlap(m *modeScans, p *Problem, other string, c *events.Count) fact {
	part := shareOf(c)
	return fact{factFrame, events.Fact{
		Text: fmt.Sprintf("%s of the %s active %s of %s (rule %s) are in %s as well (%s).", wording.Count(c.Samples), wording.Count(c.Of.Samples),
			p.counts.noun, wording.Place(p.Anchor, p.Frame), p.Rule.ID, other, wording.Percent(part)),
		Value: part, Unit: "share", Mode: m.mode, Samples: c.Samples, StdErr: m.errorOf(part, float64(c.Of.Samples)), Count: c,
	}}
}

// mayShare reports that two problems may be about the same samples: those of two layers, or where one takes samples that the
// other's pattern matches, too. What the user's own code does between tasks is taken from what Flink does around it.
func mayShare(p, q *Problem) bool {
	return p.Rule.Layer != q.Rule.Layer || q.Rule.TakesFrom(p.Rule) || p.Rule.TakesFrom(q.Rule) || p.group.between || q.group.between
}

// shares notes how many samples the problems of a mode share: those of one that are not without the other's pattern.
func shares(m *modeScans, problems []*Problem, ids map[*Problem]string) {
	type pair struct{ p, q *Problem }
	var pairs []pair
	var list []events.Count
	for _, p := range problems {
		for _, q := range problems {
			if p != q && ids[p] != "" && ids[q] != "" && mayShare(p, q) {
				both := *p.counts.total()
				both.With, both.Of = q.counts.total().Match, nil
				pairs, list = append(pairs, pair{p, q}), append(list, both)
			}
		}
	}
	if len(pairs) == 0 {
		return
	}
	sums, _ := tallyAll(m, list)
	for i, x := range pairs {
		if sums[i] == 0 {
			continue
		}
		x.p.yields = x.p.yields || x.p.Rule.Layer == x.q.Rule.Layer || x.q.Rule.TakesFrom(x.p.Rule)
		x.p.sharedWith = append(x.p.sharedWith, fmt.Sprintf("%s of them in %s (%s)", wording.Count(sums[i]), ids[x.q], x.q.Rule.ID))
		x.p.overlaps = append(x.p.overlaps, overlap(m, x.p, ids[x.q], partOf(m.counted(list[i], sums[i]), x.p.counts.total())))
	}
}
