package diagnose

import (
	"cmp"
	"math"
	"slices"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// timed is what a problem takes of the time in the captures of one family, as a description that can be counted again.
type timed struct {
	count *events.Count
	more  bool // more frames are counted than the one that the problem names
}

// What may describe the time of a problem, best first: its pattern less what other rules take of it, the whole pattern, and all
// threads that it looks at. Of the first two it is asked besides how much of it is in the frame that is named.
const (
	tryExact = iota
	tryWhole
	tryExactFrame
	tryWholeFrame
	tryAll
	tries
)

// time describes what problems take of the time. Each capture is walked once for all of them.
func (v *View) time(problems []*Problem) {
	for _, family := range []mechanisms.Family{mechanisms.FamilyWall, mechanisms.FamilyCPU} {
		var asked []*Problem
		var list []events.Count
		for _, p := range problems {
			if p.group.tally(family).te > 0 {
				asked, list = append(asked, p), append(list, v.attempts(p, family)...)
			}
		}
		scans := v.family(family)
		sums := sumsOf(scans, list)
		for i, p := range asked {
			if p.times == nil {
				p.times = map[mechanisms.Family]timed{}
			}
			p.times[family] = p.chooseTime(scans, list[i*tries:(i+1)*tries], sums[i*tries:(i+1)*tries], p.group.tally(family).te)
		}
	}
}

// sumsOf counts descriptions: for each of them, the samples of each capture.
func sumsOf(scans []*jvmScan, list []events.Count) [][]uint64 {
	sums := make([][]uint64, len(list))
	if len(list) == 0 {
		return sums
	}
	for _, s := range scans {
		of, _ := tallyAll(&modeScans{mode: s.Mode, scans: []*jvmScan{s}}, list)
		for i, n := range of {
			sums[i] = append(sums[i], n)
		}
	}
	return sums
}

// attempts are the descriptions that are tried.
func (v *View) attempts(p *Problem, family mechanisms.Family) []events.Count {
	g := p.group
	pattern := g.rule.Frames
	if len(pattern) == 0 || g.rule.Unexplained() {
		pattern = []string{literal(cmp.Or(g.anchor, g.operator))}
	}
	whole := g.described(pattern)
	if family != mechanisms.FamilyWall {
		whole.State = ""
	} else if g.rule.Role != mechanisms.RoleVictim {
		whole.Without = slices.Concat(whole.Without, v.catalogue.Frames.Stages[mechanisms.StageHeld])
	}
	exact := whole
	exact.Without = slices.Clone(whole.Without)
	for i := range v.catalogue.Mechanisms {
		if taker := &v.catalogue.Mechanisms[i]; taker.Sees(family) && taker.TakesFrom(g.rule) {
			exact.Without = append(exact.Without, taker.Frames...)
		}
	}
	slices.Sort(exact.Without)
	exact.Without = slices.Compact(exact.Without)
	out := make([]events.Count, tries)
	out[tryExact], out[tryWhole], out[tryAll] = exact, whole, events.Count{Root: whole.Root}
	named := g.described([]string{literal(p.Frame)}).Match
	out[tryExactFrame], out[tryWholeFrame] = exact, whole
	out[tryExactFrame].Match, out[tryWholeFrame].Match = named, named
	return out
}

// chooseTime takes the first description that makes what the problem takes; without one, of what it takes a part of at most.
func (p *Problem) chooseTime(scans []*jvmScan, list []events.Count, sums [][]uint64, value float64) timed {
	clock := p.Rule.Below == mechanisms.ScopeProcess
	for _, i := range []int{tryWhole, tryExact} {
		if c, made := rated(scans, list[i], sums[i], clock); c != nil && math.Abs(made-value) <= 1e-9*max(1, value) {
			return timed{c, !slices.Equal(sums[i], sums[i+tryExactFrame])}
		}
	}
	for _, i := range []int{tryWhole, tryAll} {
		if c, made := rated(scans, list[i], sums[i], clock); c != nil && made >= value {
			c.AtMost = true
			return timed{count: c}
		}
	}
	return timed{}
}

// timeOf is the description of what a problem takes in a family, and of no more than cores when it runs for a part of it.
func (p *Problem) timeOf(family mechanisms.Family, atMost bool) *events.Count {
	c := p.times[family].count
	if c == nil {
		return nil
	}
	own := *c
	own.AtMost = own.AtMost || atMost
	return &own
}

// carries is the family whose thread equivalents a problem is told by.
func (g *group) carries() mechanisms.Family {
	if wall := g.tally(mechanisms.FamilyWall); wall.te > 0 && wall.te == g.te() {
		return mechanisms.FamilyWall
	}
	return mechanisms.FamilyCPU
}
