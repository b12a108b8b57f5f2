package check

import (
	"maps"
	"slices"
	"strings"

	"squirrly.dev/pkg/events"
)

func newChecker(in Input) *checker {
	c := &checker{
		in: in, idle: in.Idle, facts: map[string]events.Fact{}, lexicon: &lexicon{}, frames: &lexicon{}, keys: map[string]bool{}, native: map[string]bool{}, memo: map[string]mention{}, hidden: map[string]bool{},
		planted: planted{runs: map[string]bool{}, words: map[string]bool{}},
		result:  Result{Analysis: copied(in.Analysis)},
	}
	if c.idle == nil {
		c.idle = IdleFrame
	}
	for _, f := range slices.Concat(in.Lines, in.Analysis.Evidence) {
		c.facts[f.ID] = f
	}
	c.learnFrames()
	c.learnNames()
	c.learnKeys()
	c.learnContext()
	c.learnStrangers()
	return c
}

// copied returns a copy whose findings, observations and evidence can be changed.
func copied(a events.Analysis) events.Analysis {
	a.Findings = slices.Clone(a.Findings)
	for i := range a.Findings {
		a.Findings[i].Recommendation.Links = slices.Clone(a.Findings[i].Recommendation.Links)
	}
	a.Observations = slices.Clone(a.Observations)
	a.Unverified = slices.Clone(a.Unverified)
	a.Evidence = slices.Clone(a.Evidence)
	return a
}

// learnNames fills the lexicon.
func (c *checker) learnNames() {
	a := c.in.Analysis
	for _, f := range c.facts {
		c.lexicon.add(f.Frame)
		c.lexicon.addText(f.Text)
	}
	for _, v := range a.Vertices {
		c.lexicon.addText(v.Short())
	}
	for _, f := range a.Findings {
		for _, frame := range slices.Concat(f.Path, []string{f.Frame, f.Anchor}) {
			c.lexicon.add(frame)
		}
		for _, text := range texts(f) {
			c.lexicon.addText(text)
		}
	}
	for _, text := range slices.Concat(c.in.Files, c.in.Allowed.Texts, []string{a.Verdict.Headline, a.Verdict.Fix, a.JobName}) {
		c.lexicon.addText(text)
	}
	for _, key := range slices.Concat(c.in.Allowed.Keys, slices.Collect(maps.Keys(c.in.Settings))) {
		c.lexicon.add(key)
	}
}

// learnFrames notes what the profile holds, to tell the names of frames from others.
func (c *checker) learnFrames() {
	learn := func(frame string) {
		c.frames.add(frame)
		if bareForm.FindString(frame) == frame {
			c.native[frame] = true
		}
	}
	for _, f := range c.facts {
		learn(f.Frame)
	}
	for _, f := range c.in.Analysis.Findings {
		for _, frame := range slices.Concat(f.Path, []string{f.Frame, f.Anchor}) {
			learn(frame)
		}
	}
}

// learnContext notes what files, settings and vertices say.
func (c *checker) learnContext() {
	for _, v := range c.in.Analysis.Vertices {
		if v.Short() != "" {
			c.vertices = append(c.vertices, v.Short())
		}
	}
	c.context = strings.Join(slices.Concat(c.in.Files, c.vertices), "\n")
	slices.SortFunc(c.vertices, func(a, b string) int { return len(b) - len(a) })
	texts := slices.Clone(c.in.Files)
	for _, value := range c.in.Settings {
		texts = append(texts, value)
	}
	for _, text := range texts {
		c.quoted = append(c.quoted, numbers(maskNames(text))...)
	}
}

// texts returns what the rules say about a finding.
func texts(f events.Finding) []string {
	r := f.Recommendation
	out := []string{f.Title, f.Where, f.Size, f.Why, f.Cause, r.Change, r.Why, r.Impact, r.TradeOffs}
	for _, kv := range r.Config {
		out = append(out, kv.Key+": "+kv.Value)
	}
	return out
}

// learnStrangers notes the texts that were not written by us.
func (c *checker) learnStrangers() {
	a := c.in.Analysis
	trusted := map[string]bool{}
	learn := func(text string) {
		for _, w := range words(text) {
			trusted[w] = true
		}
	}
	for _, text := range c.in.Allowed.Texts {
		learn(text)
	}
	for _, f := range a.Findings {
		learn(f.Cause + " " + f.Recommendation.Change + " " + f.Recommendation.Why)
	}
	learn(ordinary)
	strangers := slices.Concat(c.in.Files, []string{a.JobName})
	for _, value := range c.in.Settings {
		strangers = append(strangers, value)
	}
	for _, v := range a.Vertices {
		strangers = append(strangers, v.Short())
	}
	for _, f := range c.facts {
		strangers = append(strangers, f.Frame)
	}
	for _, text := range strangers {
		c.planted.add(text, trusted)
	}
}
