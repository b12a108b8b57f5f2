package diagnose

import (
	"slices"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// asMuch is from which part of another finding's time on one is worth as much.
const asMuch = 0.9

// order sorts the findings in what limits the job by what they are worth there and what they cost to change: a setting comes
// before a change of code that is worth no more, or whose time is mostly that of the setting; and of known causes the one
// that takes more comes first.
func (v *View) order(findings []Problem) []Problem {
	var ordered []Problem
	for _, p := range findings {
		at := len(ordered)
		for at > 0 && v.comesBefore(&p, &ordered[at-1]) {
			at--
		}
		ordered = slices.Insert(ordered, at, p)
	}
	return ordered
}

// comesBefore reports that a problem is to be changed before another one that came before it.
func (v *View) comesBefore(p, other *Problem) bool {
	switch {
	case p.saysWhy(other), v.lightens(p, other):
		return true
	case v.lightens(other, p):
		return false
	case !v.comparable(p) || !v.comparable(other) || !p.known():
		return false
	case p.price() < other.price():
		return v.spares(p, other)
	}
	return other.known() && asMuch*p.P > other.P && (p.price() == other.price() || !v.spares(other, p))
}

// saysWhy reports that a problem is mended by a setting, and that another one, which is as severe and takes not much more of
// the same time, only says where it goes.
func (p *Problem) saysWhy(other *Problem) bool {
	return p.price() < 0 && p.known() && p.OnPath && !p.minor && p.P > 0 &&
		other.Rule.Broad && other.OnPath && p.Severity == other.Severity && muchMore*p.P >= other.P
}

// lightens reports that a problem lies within the time of another one, is as severe and as cheap to change, and that its change makes
// the rest of that time cheaper, too: each look into the state, where the other one spares some of them if keys come again.
func (v *View) lightens(p, other *Problem) bool {
	return p.wider && v.comparable(p) && v.comparable(other) && p.known() && p.Severity.AtLeast(other.Severity) &&
		p.price() <= other.price() && v.overlap(p, other.Rule) >= asMuch
}

// spares reports that a problem which is cheaper to change is worth as much as another one, or as what that one has left then.
func (v *View) spares(cheap, dear *Problem) bool {
	return cheap.P >= asMuch*dear.P || cheap.Severity.AtLeast(dear.Severity) && cheap.P >= dear.P*(1-v.overlap(dear, cheap.Rule))
}

// known reports that a problem's mechanism says why the time goes, and not only where.
func (p *Problem) known() bool { return !p.Rule.Broad && !p.Rule.Unexplained() }

// comparable reports that a problem's P is a part of what limits, or of all tasks when that is not known, by frames.
func (v *View) comparable(p *Problem) bool {
	return (p.OnPath || v.limit.Limit == events.LimitUnknown) && !p.minor && !p.open && p.group != nil && !p.group.untimed() && p.Rule.Of == mechanisms.BasisVertex
}

// price ranks what the first change of a problem costs to do: a setting costs least, unless it takes memory or CPU.
func (p *Problem) price() int {
	at := slices.Index([]string{"config", "code", "redesign"}, p.advice.Effort)
	if at == 0 && p.Rule.Layer != events.LayerResource {
		return -1
	}
	return at
}

// overlap is the part of a problem's samples that the frames of a mechanism match as well: in WALL where its time was
// measured and its frames are seen there, since a part that waits takes more of the time than of the CPU.
func (v *View) overlap(p *Problem, other *mechanisms.Mechanism) float64 {
	family := p.group.family()
	if family == mechanisms.FamilyCPU && p.group.te() > 0 {
		if part, seen := v.overlapIn(mechanisms.FamilyWall, p, other); seen {
			return part
		}
	}
	part, _ := v.overlapIn(family, p, other)
	return part
}

// overlapIn is not seen where a family has no samples of the problem.
func (v *View) overlapIn(family mechanisms.Family, p *Problem, other *mechanisms.Mechanism) (part float64, seen bool) {
	m := v.modeScansOf(family)
	if m == nil {
		return 0, false
	}
	all := p.group.described(p.group.pattern())
	both := all
	both.With = other.Frames
	sums, _ := tallyAll(m, []events.Count{all, both})
	if sums[0] == 0 {
		return 0, false
	}
	if len(other.Frames) == 0 || !other.Sees(family) {
		return 0, true
	}
	return share(sums[1], sums[0]), true
}
