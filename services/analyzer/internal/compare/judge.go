package compare

import (
	"cmp"
	"math"
	"slices"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// From what on a change of a finding counts.
const (
	minZ        = 2    // of the test statistic
	minDelta    = 0.01 // of the limiting vertex's time, or of the profile
	minExpected = 30   // samples that an unchanged problem would have given
	minTE       = 0.05 // below that WALL has too few samples, and the CPU profile decides
	bareFactor  = 1.25 // of a finding that rests on counters alone
	bareDelta   = 0.20 // of a finding that rests on counters alone, which have no sampling error
)

// judge says what became of a finding. One of the two may be nil.
func (c *comparison) judge(was, is *events.Finding) events.Comparable {
	shown := cmp.Or(is, was)
	x := events.Comparable{
		Fingerprint: shown.Fingerprint, Title: shown.Title, Rule: shown.Rule, Severity: shown.Severity,
		Where: wording.Place(shown.Anchor, shown.Frame), Before: weight(was), After: weight(is),
	}
	x.Change = c.change(&x, was, is, c.costs(was, is))
	if was != nil {
		x.Advice, x.Effect = was.Recommendation.Change, events.EffectUnknown
	}
	return x
}

// weight is the share by which a finding is shown.
func weight(f *events.Finding) float64 {
	switch {
	case f == nil:
		return 0
	case f.P > 0:
		return f.P
	}
	return f.Share
}

// costs are the amounts of one problem in both runs.
type costs struct {
	name, unit        string
	before, after     float64 // for each 1,000 records when the rates are known
	samples, samples2 int64
	measured          bool // something is known beyond shares
	both              bool // both runs captured a mode that shows it
}

// costs measures a problem in both runs in the same way: what a CPU profile carries by CPU time, else by thread time,
// else by samples.
func (c *comparison) costs(was, is *events.Finding) costs {
	a, b := c.sum(c.before, was, is, false), c.sum(c.after, is, was, true)
	seen := func(f mechanisms.Family) bool {
		return slices.Contains(families(c.before), f) && slices.Contains(families(c.after), f)
	}
	k := costs{samples: a.Samples, samples2: b.Samples}
	// Threads that wait for a CPU make the thread time of running code longer, whatever the code does.
	running := mechanisms.FamilyOf(cmp.Or(is, was).Mode) == mechanisms.FamilyCPU && seen(mechanisms.FamilyCPU) && max(a.Cores, b.Cores) > 0
	switch {
	case !running && seen(mechanisms.FamilyWall) && max(a.TE, b.TE) >= minTE:
		k.name, k.unit, k.before, k.after = nameThread, unitThread, a.TE, b.TE
	case seen(mechanisms.FamilyCPU) && max(a.Cores, b.Cores) > 0:
		k.name, k.unit, k.before, k.after = nameCPU, unitCPU, a.Cores, b.Cores
	case max(a.Rate, b.Rate) > 0:
		k.name, k.unit, k.before, k.after = nameAlloc, unitAlloc, a.Rate, b.Rate
		k.measured, k.both = true, seen(mechanisms.FamilyOf(cmp.Or(is, was).Mode))
		return c.normalise(k)
	default:
		mode := cmp.Or(is, was).Mode
		k.both = mode == "" || seen(mechanisms.FamilyOf(mode))
		k.name, k.unit, k.before, k.after = nameShare, unitShare, weight(was), weight(is)
		return k
	}
	k.measured, k.both = true, true
	return c.normalise(k)
}

func (c *comparison) normalise(k costs) costs {
	if c.rates {
		k.before, k.after = per1000(k.before, c.records[0].value), per1000(k.after, c.records[1].value)
	}
	return k
}

// sum adds up what an analysis measured of a problem. An analysis that lists no costs knows those of its findings.
func (c *comparison) sum(a *events.Analysis, own, other *events.Finding, after bool) events.Cost {
	var total events.Cost
	vertices := cmp.Or(own, other).Vertices
	want := keyOf(cmp.Or(own, other))
	for _, x := range a.Costs {
		if x.Rule != want.kind || anchorOf(x.Anchor) != want.anchor || !c.place(x.Vertices, vertices, own != nil, after) {
			continue
		}
		total.TE += x.TE
		total.Cores += x.Cores
		total.Rate += x.Rate
		total.Samples += x.Samples
	}
	if len(a.Costs) == 0 && own != nil && own.TE > 0 {
		total.Samples = own.Samples
		if mechanisms.FamilyOf(own.Mode) == mechanisms.FamilyCPU && !slices.Contains(families(a), mechanisms.FamilyWall) {
			total.Cores = own.TE
		} else {
			total.TE = own.TE
		}
	}
	return total
}

// change decides what became of a finding and notes by what.
func (c *comparison) change(x *events.Comparable, was, is *events.Finding, k costs) events.Change {
	x.Metric, x.Unit, x.CostBefore, x.CostAfter = k.name, k.unit, k.before, k.after
	if c.apart != "" || !k.both {
		if was != nil && is != nil {
			return events.ChangePersisting
		}
		return events.ChangeUnknown
	}
	grew, fell := c.moved(x, was, is, k)
	switch {
	case (was == nil || is == nil) && c.upgraded() && (k.before == 0 || k.after == 0):
		return events.ChangeUnknown // under another name it may be there
	case was != nil && is != nil && fell:
		return events.ChangeImproved
	case was != nil && is != nil && grew:
		return events.ChangeWorse
	case was != nil && is != nil:
		return events.ChangePersisting
	case is == nil && fell:
		return events.ChangeResolved
	case was == nil && grew:
		return events.ChangeNew
	case k.measured && k.before > 0 && k.after > 0:
		return events.ChangePersisting // below what is worth a finding in one of the runs
	}
	return events.ChangeUnknown
}

// moved reports a cost that changed significantly.
func (c *comparison) moved(x *events.Comparable, was, is *events.Finding, k costs) (grew, fell bool) {
	if !k.measured && cmp.Or(is, was).Rule == "" {
		return false, false // that a language model does not mention it again says nothing
	}
	if !k.measured {
		big := math.Abs(x.After-x.Before) >= bareDelta && max(x.Before, x.After) > bareFactor*min(x.Before, x.After)
		return big && x.After > x.Before, big && x.After < x.Before
	}
	if !c.rates && was != nil && is != nil {
		return false, false // at another load every cost is another one
	}
	p1, p2 := atOneLoad(x, was, k)
	n1, n2 := c.exposures(p1, p2, k)
	x.Z = math.Round(zOf(p1, n1, p2, n2)*10) / 10
	counts := math.Abs(x.Z) > minZ && math.Abs(p2-p1) >= minDelta && min(n1, n2)*min(1, max(p1, p2)) >= minExpected
	direction := c.differ(k)
	return counts && direction > 0, counts && direction < 0
}

// differ reports a cost that changed by more than load and chance explain: 1 for more, −1 for less. One that is in one run
// alone has changed.
func (c *comparison) differ(k costs) int {
	switch {
	case k.before <= 0 || k.after <= 0:
		return cmp.Compare(k.after, k.before)
	case !c.rates:
		return 0
	}
	return c.beyond(math.Log(k.after/k.before*c.ratio), margin(figure{}, figure{}, costNoise))
}

// atOneLoad gives both costs as shares, at the load of the run whose finding gives the share.
func atOneLoad(x *events.Comparable, was *events.Finding, k costs) (p1, p2 float64) {
	if was != nil && k.before > 0 {
		return x.Before, x.Before * k.after / k.before
	}
	if k.after == 0 {
		return x.Before, x.After
	}
	return x.After * k.before / k.after, x.After
}

// exposures are how many samples there are in all where a cost has its share. A run that shows nothing of it had as
// many as the other, at its own load.
func (c *comparison) exposures(p1, p2 float64, k costs) (n1, n2 float64) {
	if p1 > 0 {
		n1 = float64(k.samples) / p1
	}
	if p2 > 0 {
		n2 = float64(k.samples2) / p2
	}
	load := 1.0
	if c.rates {
		load = c.ratio
	}
	if n1 == 0 {
		n1 = n2 / load
	}
	if n2 == 0 {
		n2 = n1 * load
	}
	return n1, n2
}

// place reports whether a cost of a run can be in the vertices of a finding: of one of the same run, or of the other.
func (c *comparison) place(cost, finding []string, same, after bool) bool {
	switch {
	case same:
		return len(cost) == 0 || len(finding) == 0 || slices.ContainsFunc(cost, func(v string) bool { return slices.Contains(finding, v) })
	case after:
		return c.overlap(finding, cost)
	}
	return c.overlap(cost, finding)
}
