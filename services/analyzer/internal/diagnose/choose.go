package diagnose

import (
	"slices"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/rules"
)

// Limits of what is worth a finding.
const (
	minTE       = 0.10 // of a cost finding: a tenth of a thread
	minSamples  = 10   // of any finding
	maxOffPath  = 3    // cost findings of a limited job
	maxFindings = 12
)

// choose keeps the groups that are worth a finding, most important first.
func (d *diagnosis) choose() []weight {
	var chosen []weight
	offPath := 0
	weights := make([]weight, 0, len(d.groups))
	for _, g := range d.groups {
		weights = append(weights, d.weigh(g))
	}
	slices.SortStableFunc(weights, moreImportant)
	for _, w := range explained(weights) {
		switch {
		case w.rule.Role == rules.RoleVictim:
			d.victimSamples(&w)
			continue
		case d.negligible(&w), w.elsewhereOf(chosen):
			continue
		case !w.onPath && d.judged.Limit != events.LimitUnknown:
			most := maxOffPath
			if d.judged.Limit == events.LimitNone {
				most = 1
			}
			if offPath == most || w.te() < minTE {
				continue
			}
			offPath++
		}
		if len(chosen) < maxFindings {
			chosen = append(chosen, w)
		}
	}
	return chosen
}

// explained leaves out the groups that are the effect of a critical one: of one in the same function, or of one that
// stops the whole process.
func explained(weights []weight) []weight {
	var critical []weight
	for i := range weights {
		if w := &weights[i]; w.rule.Severity(w.size) == events.SeverityCritical {
			critical = append(critical, *w)
		}
	}
	return slices.DeleteFunc(weights, func(w weight) bool {
		return slices.ContainsFunc(critical, func(c weight) bool {
			return slices.Contains(w.rule.EffectOf, c.rule.ID) && (c.rule.Below == rules.ScopeProcess || c.anchor == w.anchor)
		})
	})
}

// elsewhereOf adds a group below no operator, whose vertex nobody knows, to the finding of the same cause: what Kryo
// reads in a task and what it writes there is one problem.
func (w *weight) elsewhereOf(chosen []weight) bool {
	if !w.anyTask || w.rule.Below == rules.ScopeProcess {
		return false
	}
	for i := range chosen {
		if chosen[i].rule == w.rule && chosen[i].onPath {
			chosen[i].elsewhere = append(chosen[i].elsewhere, *w)
			return true
		}
	}
	return false
}

// negligible reports that a group is not worth a finding. Even without metrics, WALL proves that next to nothing happens
// in it.
func (d *diagnosis) negligible(w *weight) bool {
	return w.severity == events.SeverityNone || w.samples() < minSamples || d.starting(w.rule) ||
		d.judged.Limit == events.LimitUnknown && w.tally(rules.FamilyWall).te > 0 && w.te() < minTE
}

// starting reports that the job is too young for a rule: what it matches is the start of the job.
func (d *diagnosis) starting(r *rules.Rule) bool {
	age, ok := d.age()
	return ok && age < r.After
}

// ageless reports that a rule asks for the age of the job, which nobody knows.
func (d *diagnosis) ageless(r *rules.Rule) bool {
	_, ok := d.age()
	return !ok && r.After > 0
}

// age returns for how many seconds the job had run when its state was read.
func (d *diagnosis) age() (int, bool) {
	if d.ctx == nil || d.ctx.Job.StartTime <= 0 || d.ctx.Job.Now < d.ctx.Job.StartTime {
		return 0, false
	}
	return int((d.ctx.Job.Now - d.ctx.Job.StartTime) / 1000), true
}

// moreImportant orders by what the thresholds alone say, so that a known cause comes before code that is merely hot.
func moreImportant(a, b weight) int {
	rank := func(w weight) float64 {
		r := w.size
		switch severity := w.rule.Severity(w.size); {
		case !w.timed:
		case severity == events.SeverityCritical:
			r += 30
		case severity == events.SeverityWarning:
			r += 20
		case severity == events.SeverityInfo:
			r += 10
		}
		if w.onPath {
			r += 100
		}
		return r
	}
	switch x, y := rank(a), rank(b); {
	case x > y:
		return -1
	case x < y:
		return 1
	}
	return 0
}
