package diagnose

import (
	"cmp"
	"slices"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// Limits of what is worth a finding.
const (
	minTE       = 0.10 // of a cost finding: a tenth of a thread
	minSamples  = 10   // of any finding
	maxOffPath  = 3    // cost findings of a limited job
	maxFindings = 12
)

// ranking are the problems that are told.
type ranking struct {
	findings []Problem // most important first
	remarks  []Problem
}

// rank orders the problems: those of frames among themselves first, and then the others between them. What a rule finds
// in frames and again by metrics is one problem.
func rank(v *View, detected []Problem) ranking {
	r := ranking{}
	if v.limit.Incident == nil {
		r.findings = choose(v)
	}
	for _, p := range detected {
		if p.Rule == nil {
			r.remarks = append(r.remarks, p)
			continue
		}
		if !v.possible(&p) {
			continue
		}
		same := slices.IndexFunc(r.findings, func(other Problem) bool { return other.Rule == p.Rule && other.group != nil })
		if same < 0 {
			r.insert(v, p)
			continue
		}
		r.findings[same].Facts = append(r.findings[same].Facts, p.Facts...)
	}
	return r
}

// insert puts a problem that no frame shows where it belongs.
func (r *ranking) insert(v *View, p Problem) {
	at := slices.IndexFunc(r.findings, func(other Problem) bool { return before(&p, &other) })
	switch {
	case p.Rule.Systemic && v.limit.Vertex < 0:
		at = 0 // no vertex is to blame, and what looks like slow code may be this
	case at < 0:
		at = len(r.findings)
	}
	r.findings = slices.Insert(r.findings, at, p)
}

// before reports that a problem comes before another one: on the path, more severe, better explained, larger.
func before(p, other *Problem) bool {
	switch {
	case p.OnPath != other.OnPath:
		return p.OnPath
	case p.Severity != other.Severity:
		return p.Severity.AtLeast(other.Severity)
	case slices.Contains(p.Rule.Outranks, other.Rule.ID):
		return true
	}
	return p.P > other.P
}

// choose keeps the groups that are worth a finding, most important first.
func choose(v *View) []Problem {
	var chosen []Problem
	offPath := 0
	all := make([]Problem, 0, len(v.groups))
	for _, g := range v.groups {
		all = append(all, v.weigh(g))
	}
	slices.SortStableFunc(all, moreImportant)
	for _, p := range explained(all) {
		switch {
		case p.Rule.Role == mechanisms.RoleVictim, v.restsInSource(p.group), v.negligible(&p), v.ofNoJob(&p), !v.possible(&p):
			continue
		case p.elsewhereOf(chosen), p.sameAs(chosen):
			continue
		case !p.OnPath && !p.open && v.limit.Limit != events.LimitUnknown:
			full := v.limit.Limit == events.LimitVertex && offPath == maxOffPath // a job that is not limited shows them all
			if full || v.coresOf(p.group) < minTE && p.timed {
				continue
			}
			offPath++
		}
		if len(chosen) < maxFindings {
			chosen = append(chosen, p)
		}
	}
	demote(chosen)
	return chosen
}

// What is not worth a warning beside what is worth much more.
const (
	littleBound = 1.2
	muchMore    = 3 // times its share of the time
)

// demote makes remarks of the findings that gain next to nothing beside the first one, and puts them behind the others.
func demote(chosen []Problem) {
	for i := range chosen {
		p := &chosen[i]
		if p.OnPath && p.P > 0 && bound(p.P, 1000) < littleBound && p.Severity.AtLeast(events.SeverityInfo) && chosen[0].P >= muchMore*p.P {
			p.Severity, p.minor = events.SeverityInfo, true
		}
	}
	place := func(p *Problem) int {
		switch {
		case !p.OnPath && !p.open:
			return 2
		case p.minor, p.open:
			return 1
		}
		return 0
	}
	slices.SortStableFunc(chosen, func(a, b Problem) int { return cmp.Compare(place(&a), place(&b)) })
}

// explained leaves out the problems that are the effect of a critical one: of one in the same function, or of one that
// stops the whole process.
func explained(all []Problem) []Problem {
	var critical []Problem
	for i := range all {
		if p := &all[i]; p.Rule.Severity(p.Size) == events.SeverityCritical {
			critical = append(critical, *p)
		}
	}
	return slices.DeleteFunc(all, func(p Problem) bool {
		return slices.ContainsFunc(critical, func(c Problem) bool {
			return slices.Contains(p.Rule.EffectOf, c.Rule.ID) && (c.Rule.Below == mechanisms.ScopeProcess || c.Anchor == p.Anchor)
		})
	})
}

// elsewhereOf adds a problem below no operator, whose vertex nobody knows, to the finding of the same cause: what Kryo
// reads in a task and what it writes there is one problem.
func (p *Problem) elsewhereOf(chosen []Problem) bool {
	if !p.group.anyTask || p.Rule.Below == mechanisms.ScopeProcess {
		return false
	}
	for i := range chosen {
		if chosen[i].Rule == p.Rule && chosen[i].OnPath && p.group.mayBeWith(chosen[i].group) {
			chosen[i].elsewhere = append(chosen[i].elsewhere, *p)
			return true
		}
	}
	return false
}

// mayBeWith reports that two groups may be of one vertex.
func (g *group) mayBeWith(other *group) bool {
	return other == nil || len(g.vertices) == 0 || slices.ContainsFunc(g.vertices, func(v int) bool { return slices.Contains(other.vertices, v) })
}

// negligible reports that a problem is not worth a finding. Even without metrics, WALL proves that next to nothing
// happens in it.
func (v *View) negligible(p *Problem) bool {
	return p.Severity == events.SeverityNone || p.Samples < minSamples || v.starting(p.Rule) ||
		v.limit.Limit == events.LimitUnknown && p.group.tally(mechanisms.FamilyWall).te > 0 && p.TE < minTE
}

// ofNoJob reports that a problem of the whole process is no cost of this job alone: other jobs run there too, and it does
// not take the time of what limits this one.
func (v *View) ofNoJob(p *Problem) bool {
	return !p.OnPath && p.Rule.Below == mechanisms.ScopeProcess &&
		slices.ContainsFunc(v.family(p.group.family()), func(s *jvmScan) bool { return v.shared(s.JVM) })
}

// moreImportant orders by what the thresholds alone say, so that a known cause comes before code that is merely hot.
func moreImportant(a, b Problem) int {
	order := func(p *Problem) float64 {
		r := p.Size
		switch severity := p.Rule.Severity(p.Size - 2*p.sizeErr); {
		case !p.timed:
		case severity == events.SeverityCritical:
			r += 30
		case severity == events.SeverityWarning:
			r += 20
		case severity == events.SeverityInfo:
			r += 10
		}
		if p.OnPath {
			r += 100
		}
		return r
	}
	switch x, y := order(&a), order(&b); {
	case x > y:
		return -1
	case x < y:
		return 1
	}
	return 0
}
