package check

import (
	"fmt"
	"regexp"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/keys"
)

const (
	nextToNothing = 0.02 // of the samples: a frame with more is there
	surelyBelow   = 0.05 // what is absent has less than this, for sure
)

var ruleForm = regexp.MustCompile(`^(?:rule )?([A-Z][0-9]{1,3})$`)

// absent decides that next to nothing of the time is in a frame, or that what a rule looks for stays below its threshold: of the
// job, and of an operator when one is named.
func (c *Checker) absent(said, operator string) Decision {
	said = strings.TrimSpace(said)
	if m := ruleForm.FindStringSubmatch(said); m != nil && (strings.HasPrefix(said, "rule ") || c.fact(said) == nil && c.finding(said) == nil) {
		return c.absentRule(m[1], operator)
	}
	a := c.thing(said)
	if c.operator(said) != nil {
		return unknown("%s is an operator: what of it would be absent is not said.", a.name)
	}
	if a.known() && len(a.paths) == 0 {
		return unknown("%s is no frame.", a.name)
	}
	name := a.name
	if !a.known() {
		name = "A frame that no page has"
	}
	d := c.below(a.paths, name, nextToNothing, operator)
	d.Evidence = ids(&a)
	return d
}

// absentRule decides it for the frames of a mechanism.
func (c *Checker) absentRule(id, operator string) Decision {
	m := c.catalogue.Mechanism(id)
	if m == nil {
		return Decision{Refuted, "The catalogue has no mechanism of that id.", nil}
	}
	name := fmt.Sprintf("What rule %s looks for (%s)", id, m.Title)
	for i := range c.analysis.Findings {
		if f := &c.analysis.Findings[i]; f.Rule == id {
			return Decision{Refuted, fmt.Sprintf("The rules found %s: %s.", f.ID, f.Title), []string{f.ID}}
		}
	}
	if len(m.Frames) == 0 {
		return unknown("%s is not found by frames.", name)
	}
	return c.below(m.Frames, name, m.Warning, operator)
}

// below decides that the samples of some frames are fewer than a share, in the whole job and in an operator. Where the job has
// next to none and the operator none at all, its few samples say nothing else.
func (c *Checker) below(paths []string, name string, most float64, operator string) Decision {
	d := c.belowIn(paths, name, most, "", "all active samples")
	if d.Verdict == Undecided && c.never(paths) {
		d = c.neverIn(name, most, d)
	}
	if o := c.operator(operator); o != nil && d.Verdict != Refuted {
		inside := c.belowIn(paths, name, most, operator, "the samples of "+o.ID)
		if some, _ := c.ground.Count(paths, operator); inside.Verdict == Refuted || inside.Verdict == Undecided && some > 0 && len(paths) > 0 {
			return inside
		}
	}
	return d
}

func (c *Checker) belowIn(paths []string, name string, most float64, operator, of string) Decision {
	some, all := c.ground.Count(paths, operator) // of no frames, all of all
	if len(paths) == 0 {
		some = 0
	}
	share := shareOf(some, all)
	what := fmt.Sprintf("%s is in %s of %s (%s)", name, wording.Percent(share.part), of, wording.Count(all))
	switch {
	case share.low >= most:
		return Decision{Refuted, what + ".", nil}
	case share.part < most && share.high < max(most, surelyBelow):
		return Decision{Holds, fmt.Sprintf("%s: less than %s, for sure.", what, wording.Percent(max(most, surelyBelow))), nil}
	}
	return unknown("%s, too few samples to tell whether it is next to nothing.", what)
}

// never reports that some frames are in no sample of any mode, idle or not.
func (c *Checker) never(paths []string) bool {
	if len(paths) == 0 {
		return true
	}
	for _, f := range c.everywhere(paths) {
		if _, all, ok := c.ground.Both(*f, *f); !ok || all > 0 {
			return false
		}
	}
	return true
}

// neverIn decides it for what is in no sample at all, by all that the task threads did: a job that is idle has few active samples,
// and what takes none of its time takes next to nothing of it.
func (c *Checker) neverIn(name string, most float64, otherwise Decision) Decision {
	tasks := c.inMode(&events.Fact{Count: &events.Count{Root: events.RootTasks, Idle: events.IdleAny}}, events.ModeWall)
	if tasks == nil {
		return otherwise
	}
	all, ok := counting(c.ground.Both(*tasks, *tasks))
	if !ok || shareOf(0, all.all).high >= max(most, surelyBelow) {
		return otherwise
	}
	return Decision{Holds, fmt.Sprintf("%s is in no sample, of %s WALL samples of the task threads.", name, wording.Count(all.all)), nil}
}

// configured decides that a key has a value in force.
func (c *Checker) configured(key, value string) Decision {
	key = strings.TrimSpace(key)
	if !keys.Known(key, c.analysis.FlinkVersion) {
		return Decision{Refuted, "It names a key that Flink does not have.", nil}
	}
	if _, listed := keys.Lookup(key); !listed && !(keys.Key{Name: key}).Type().Checked() {
		return unknown("%s is a text that says nothing about how fast a job is.", key) // and may be a secret
	}
	now, sure := c.ground.InForce(key)
	switch {
	case value == "":
		return unknown("It names no value of %s.", key)
	case now == "":
		return unknown("What %s is in force is not known.", key)
	case !sure:
		return unknown("%s may be another one than %s in force: the code of the job can set it.", key, now)
	case keys.Same(key, now, value):
		return Decision{Holds, fmt.Sprintf("%s is %s.", key, now), nil}
	}
	return Decision{Refuted, fmt.Sprintf("%s is %s.", key, now), nil}
}
