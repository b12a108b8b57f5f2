package oracle

import (
	"fmt"
	"slices"
)

// counter counts over the pages of one analysis.
type counter struct {
	rules *rules
	pages map[capture][]*walked // by JVM and mode, all captures of one together
	facts map[string]*count     // by id
}

// newCounter reads the pages of an analysis. Those that were lost are left out.
func newCounter(a *analysis, pages func(jvm, mode, key string) (*Page, error)) (*counter, error) {
	k := &counter{rules: newRules(a.Counting), pages: map[capture][]*walked{}, facts: map[string]*count{}}
	for i := range a.Evidence {
		if f := &a.Evidence[i]; f.Count != nil {
			k.facts[f.ID] = f.Count
		}
	}
	for _, c := range a.Captures {
		page, err := pages(c.JVM, c.Mode, c.Key)
		if err != nil {
			return nil, err
		}
		if page == nil {
			continue
		}
		at := capture{JVM: c.JVM, Mode: c.Mode}
		for i := range page.Stacks {
			k.pages[at] = append(k.pages[at], k.rules.walk(&page.Stacks[i], c.Mode))
		}
	}
	return k, nil
}

// count is how many samples meet the conditions of c.
func (k *counter) count(c *count) (int64, error) {
	match := make([]path, len(c.Match))
	for i, text := range c.Match {
		match[i] = k.rules.path(text)
	}
	return k.sum(c, match)
}

// alone is the count of c by those of its paths alone that hold one frame, with the step that it fits being this frame.
func (k *counter) alone(c *count, frame string) (int64, error) {
	var match []path
	for _, text := range c.Match {
		p := k.rules.path(text)
		for i := len(p.steps) - 1; i >= 0; i-- {
			if glob(p.steps[i].name, frame) {
				p.steps = slices.Clone(p.steps)
				p.steps[i].name = frame
				match = append(match, p)
				break
			}
		}
	}
	if len(match) == 0 {
		return 0, nil
	}
	return k.sum(c, match)
}

func (k *counter) sum(c *count, match []path) (int64, error) {
	stack, err := k.stackOf(c, 0)
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, jvm := range c.JVMs {
		page, ok := k.pages[capture{JVM: jvm, Mode: c.Mode}]
		if !ok {
			return 0, fmt.Errorf("there is no capture of %s in %s", jvm, c.Mode)
		}
		for _, w := range page {
			if k.meets(w, c, match, stack) {
				sum += w.n
			}
		}
	}
	return sum, nil
}

// stackOf is how the stacks that c counts begin.
func (k *counter) stackOf(c *count, depth int) ([]string, error) {
	if c.From == "" {
		return c.Stack, nil
	}
	from, ok := k.facts[c.From]
	if !ok || depth > len(k.facts) {
		return nil, fmt.Errorf("its stack begins as that of %s, which has none", c.From)
	}
	above, err := k.stackOf(from, depth+1)
	return append(slices.Clone(above), c.Stack...), err
}

func (k *counter) meets(w *walked, c *count, match []path, stack []string) bool {
	return meetsRoot(w, c.Root) && meetsIdle(w, c.Idle) &&
		(c.State == "" || (c.State == "waiting") == w.waits) &&
		(c.Category == "" || c.Category == w.category) &&
		(c.Package == "" || c.Package == w.pkg) &&
		begins(w, stack) && k.meetsPaths(w, c, match)
}

func (k *counter) meetsPaths(w *walked, c *count, match []path) bool {
	from := 0
	if c.Part != "" {
		if w.last < 0 || c.Part == "own" && !w.own {
			return false
		}
		from = w.last
	}
	for _, text := range c.Without {
		for range k.rules.path(text).ends(w, 0) {
			return false
		}
	}
	if len(c.With) > 0 && !k.above(w, c.With, len(w.frames)) {
		return false
	}
	if len(c.Above) > 0 && !k.above(w, c.Above, from) {
		return false
	}
	return len(match) == 0 || matched(w, match, from, c.Self)
}

// matched reports whether one of the paths is complete in a frame from from on; with self, in that where the sample ends.
func matched(w *walked, match []path, from int, self bool) bool {
	for _, p := range match {
		for end := range p.ends(w, from) {
			if !self || end == w.end {
				return true
			}
		}
	}
	return false
}

// above reports whether one of the paths is complete in a frame before from.
func (k *counter) above(w *walked, paths []string, from int) bool {
	for _, text := range paths {
		for end := range k.rules.path(text).ends(w, 0) {
			if end < from {
				return true
			}
			break
		}
	}
	return false
}

func meetsRoot(w *walked, root string) bool {
	switch root {
	case "task":
		return w.task && !w.source
	case "source":
		return w.source
	case "tasks":
		return w.task || w.source
	case "other":
		return !w.task && !w.source
	}
	return root == ""
}

func meetsIdle(w *walked, idle string) bool {
	switch idle {
	case "":
		return w.idle == ""
	case "any":
		return true
	case "only":
		return w.idle != ""
	}
	return w.idle == idle
}

func begins(w *walked, stack []string) bool {
	if len(stack) > len(w.frames) {
		return false
	}
	for i, name := range stack {
		if w.frames[i].name != name {
			return false
		}
	}
	return true
}
