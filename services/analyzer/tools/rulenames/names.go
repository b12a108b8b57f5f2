package main

import (
	"slices"
	"strings"

	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// perGlob is how many names are kept for a glob: enough to see what it means.
const perGlob = 3

// collector keeps, for each glob of the catalogue, the first names that it matches.
type collector struct {
	byLast map[string][]*glob // those that end in a literal method or class
	others []*glob
}

type glob struct {
	mechanisms.Name
	kept []string
}

func newCollector(names []mechanisms.Name) *collector {
	c := &collector{byLast: map[string][]*glob{}}
	for _, n := range names {
		g := &glob{Name: n}
		if end := last(n.Glob); strings.Contains(end, "*") {
			c.others = append(c.others, g)
		} else {
			c.byLast[end] = append(c.byLast[end], g)
		}
	}
	return c
}

func last(name string) string { return name[strings.LastIndexAny(name, ".$")+1:] }

// foreign begins the names of a copy of the world in Flink's Python jar: what is only there proves nothing.
const foreign = "org.apache.beam."

// add offers the names of a class.
func (c *collector) add(k *class) {
	if strings.HasPrefix(k.name, foreign) {
		return
	}
	c.offer(mechanisms.ClassMark + k.name)
	for _, m := range k.methods {
		c.offer(k.name + "." + m)
	}
}

func (c *collector) offer(name string) {
	for _, globs := range [][]*glob{c.byLast[last(name)], c.others} {
		for _, g := range globs {
			if g.Fits(name) {
				g.keep(name)
			}
		}
	}
}

func (g *glob) keep(name string) {
	at, dup := slices.BinarySearch(g.kept, name)
	if !dup && at < perGlob {
		g.kept = slices.Insert(g.kept, at, name)
		g.kept = g.kept[:min(len(g.kept), perGlob)]
	}
}

// all returns what was kept.
func (c *collector) all() []string {
	var out []string
	for _, globs := range c.byLast {
		for _, g := range globs {
			out = append(out, g.kept...)
		}
	}
	for _, g := range c.others {
		out = append(out, g.kept...)
	}
	return out
}
