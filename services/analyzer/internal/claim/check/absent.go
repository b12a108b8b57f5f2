package check

import (
	"fmt"
	"regexp"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/services/analyzer/internal/keys"
)

// nextToNothing is the share of the samples below which a frame is absent.
const nextToNothing = 0.02

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

// below decides that the samples of some frames are fewer than a share, in the whole job and in an operator.
func (c *Checker) below(paths []string, name string, most float64, operator string) Decision {
	d := c.belowIn(paths, name, most, "", "all active samples")
	if o := c.operator(operator); o != nil && d.Verdict != Refuted {
		if inside := c.belowIn(paths, name, most, operator, "the samples of "+o.ID); inside.Verdict != Holds {
			return inside
		}
	}
	return d
}

func (c *Checker) belowIn(paths []string, name string, most float64, operator, of string) Decision {
	if len(paths) == 0 {
		paths = nil
	}
	some, all := c.samplesOf(paths, operator)
	share := shareOf(some, all)
	what := fmt.Sprintf("%s is in %s of %s (%s)", name, wording.Percent(share.part), of, wording.Count(all))
	switch {
	case share.high < most:
		return Decision{Holds, what + ".", nil}
	case share.low >= most:
		return Decision{Refuted, what + ".", nil}
	}
	return unknown("%s, too few samples to tell whether it is below %s.", what, wording.Percent(most))
}

// samplesOf counts the samples of some frames; of none, the whole alone.
func (c *Checker) samplesOf(paths []string, operator string) (some, all int64) {
	if paths != nil {
		return c.ground.Count(paths, operator)
	}
	_, all = c.ground.Count([]string{"@operator"}, operator)
	return 0, all
}

// configured decides that a key has a value in force.
func (c *Checker) configured(key, value string) Decision {
	key = strings.TrimSpace(key)
	if !keys.Known(key, c.analysis.FlinkVersion) {
		return Decision{Refuted, "It names a key that Flink does not have.", nil}
	}
	if _, listed := keys.Lookup(key); !listed {
		return unknown("%s says nothing about how fast a job is.", key) // and its value may be a secret
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
