package compare

import (
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/fingerprint"
	"squirrly.dev/services/analyzer/internal/rules"
)

// ground finds out how far the two runs can be compared at all.
func (c *comparison) ground() {
	before, after := families(c.before), families(c.after)
	switch {
	case apart(c.before.Vertices, c.after.Vertices):
		c.apart = "the two jobs have no vertex in common"
	case len(shared(before, after)) == 0:
		c.apart = "the two runs have no mode in common"
	}
	for _, f := range []rules.Family{rules.FamilyWall, rules.FamilyCPU, rules.FamilyAlloc, rules.FamilyLock} {
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
	for _, v := range c.after.Vertices {
		i := slices.IndexFunc(c.before.Vertices, func(o events.VertexLoad) bool { return o.Name == v.Name })
		if i >= 0 && c.before.Vertices[i].Parallelism != v.Parallelism {
			c.caveat("%s had %d subtasks in the baseline run and has %d now.", v.Name, c.before.Vertices[i].Parallelism, v.Parallelism)
		}
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
func families(a *events.Analysis) []rules.Family {
	var all []rules.Family
	for _, s := range a.Captures {
		if f := rules.FamilyOf(s.Mode); s.Samples > 0 && !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	return all
}

func shared(a, b []rules.Family) []rules.Family {
	return slices.DeleteFunc(slices.Clone(a), func(f rules.Family) bool { return !slices.Contains(b, f) })
}

// apart reports that two jobs have nothing to do with each other, as far as their vertices are known.
func apart(a, b []events.VertexLoad) bool {
	return len(a) > 0 && len(b) > 0 && !slices.ContainsFunc(a, func(v events.VertexLoad) bool {
		return slices.ContainsFunc(b, func(o events.VertexLoad) bool { return o.Name == v.Name })
	})
}

// key tells problems apart over runs and builds. The vertices decide beside it.
type key struct{ kind, anchor string }

func keyOf(f *events.Finding) key {
	if f.Rule != "" {
		return key{f.Rule, fingerprint.Fold(f.Anchor)}
	}
	return key{f.Category + "/" + string(rules.FamilyOf(f.Mode)), fingerprint.Fold(f.Anchor)}
}

// overlap reports whether two lists of vertices can mean the same place. An empty one means any.
func overlap(a, b []string) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(v string) bool { return slices.Contains(b, v) })
}
