package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/fingerprint"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// OtherJob says why two analyses are of two jobs, and empty when they may be of one: a job may have got another name, or
// another plan for most of its vertices, and not both.
func OtherJob(before, after *events.Analysis) string {
	if before.JobName != "" && before.JobName == after.JobName || len(before.Vertices) == 0 || len(after.Vertices) == 0 {
		return ""
	}
	common := 0
	for _, from := range match(before.Vertices, after.Vertices) {
		if from >= 0 {
			common++
		}
	}
	if 2*common >= max(len(before.Vertices), len(after.Vertices)) {
		return ""
	}
	return fmt.Sprintf("%s and %s are two jobs: other names, and most of their vertices are not the same", nameOf(before), nameOf(after))
}

func nameOf(a *events.Analysis) string {
	return wording.Middle(cmp.Or(a.JobName, a.Identity.Job, "the job of run "+a.Run), wording.MaxLabel)
}

// ground finds out how far the two runs can be compared at all.
func (c *comparison) ground() {
	before, after := families(c.before), families(c.after)
	if c.apart == "" && len(shared(before, after)) == 0 {
		c.apart = "the two runs have no mode in common"
	}
	for _, f := range []mechanisms.Family{mechanisms.FamilyWall, mechanisms.FamilyCPU, mechanisms.FamilyAlloc, mechanisms.FamilyLock} {
		switch was, is := slices.Contains(before, f), slices.Contains(after, f); {
		case was && !is:
			c.caveat("The %s mode was captured in the baseline run only.", strings.ToUpper(string(f)))
		case is && !was:
			c.caveat("The %s mode was not captured in the baseline run.", strings.ToUpper(string(f)))
		}
	}
	c.coldness()
	if a, b := c.before.FlinkVersion, c.after.FlinkVersion; a != b && a != "" && b != "" {
		c.caveat("Flink was %s in the baseline run and is %s now.", a, b)
	}
	for at, from := range c.pairs {
		if from < 0 {
			continue
		}
		if was, is := &c.before.Vertices[from], &c.after.Vertices[at]; was.Parallelism != is.Parallelism {
			c.caveat("%s had %d subtasks in the baseline run and has %d now.", is.Short(), was.Parallelism, is.Parallelism)
		}
	}
	if c.upgraded() {
		c.caveat("The baseline run was analyzed by another version, which names findings in another way: one that is not found again may still be there.")
	}
}

func (c *comparison) coldness() {
	for _, run := range []struct {
		of   *events.Analysis
		text string
	}{{c.before, "The baseline run was cold"}, {c.after, "The job was cold"}} {
		if u := run.of.Usage; u != nil && u.Cold {
			c.cold = true
			c.caveat("%s: the JIT compiler was still at work, so that only large differences count.", run.text)
		}
	}
}

func (c *comparison) caveat(format string, args ...any) {
	c.caveats = append(c.caveats, fmt.Sprintf(format, args...))
}

// families are those of the captures that hold samples. ITIMER and CPU show the same.
func families(a *events.Analysis) []mechanisms.Family {
	var all []mechanisms.Family
	for _, s := range a.Captures {
		if f := mechanisms.FamilyOf(s.Mode); s.Samples > 0 && !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	return all
}

func shared(a, b []mechanisms.Family) []mechanisms.Family {
	return slices.DeleteFunc(slices.Clone(a), func(f mechanisms.Family) bool { return !slices.Contains(b, f) })
}

// key tells problems apart over runs and builds. The vertices decide beside it.
type key struct{ kind, anchor string }

func keyOf(f *events.Finding) key {
	if f.Rule != "" {
		return key{f.Rule, anchorOf(f.Anchor)}
	}
	return key{f.Category + "/" + string(mechanisms.FamilyOf(f.Mode)), anchorOf(f.Anchor)}
}

// anchorOf is the anchor as it tells problems apart. Which native function of the JVM is ahead, one that marks or one that
// evacuates, changes with the load, and the problem is the same.
func anchorOf(anchor string) string {
	if strings.Contains(anchor, "::") {
		return ""
	}
	return fingerprint.Fold(anchor)
}
