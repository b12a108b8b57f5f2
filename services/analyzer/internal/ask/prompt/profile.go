package prompt

import (
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/redact"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// level says how much of the profile is shown.
type level struct {
	share    float64 // least share of a line of a tree
	lines    int     // of each tree
	facts    int     // beside those that findings cite
	findings int
	texts    int // bytes of each text of a finding
}

// levels are tried in this order until the block fits its budget: first the trees get coarser, then the facts fewer,
// then the findings shorter.
var levels = []level{
	{0.01, 120, 60, 20, 300},
	{0.015, 90, 60, 20, 300},
	{0.02, 70, 50, 20, 300},
	{0.03, 50, 40, 20, 250},
	{0.05, 40, 30, 20, 200},
	{0.05, 25, 20, 20, 150},
	{0.10, 15, 15, 15, 120},
	{0.10, 8, 10, 10, 60},
	{0.20, 4, 5, 10, 0},
}

// maxBytesPerToken is more than a token of such a block holds on average: a longer block needs no counting.
const maxBytesPerToken = 6

// profileBlock renders findings, facts and trees within the budget of tokens, between their fences. It returns the block
// and its tokens.
func (c cleaner) profileBlock(in Input, secrets *redact.Redactor, budget int) (string, int, error) {
	fence, err := CountTokens(c.fence("profile", "x"))
	if err != nil {
		return "", 0, err
	}
	var block string
	for _, l := range levels {
		block = c.profileAt(in, l)
		if len(block) > budget*maxBytesPerToken {
			continue
		}
		if n, err := CountTokens(block); err != nil || n+fence <= budget {
			break
		}
	}
	block = secrets.Text(block)
	fenced := c.fence("profile", block)
	n, err := CountTokens(fenced)
	if err != nil || n <= budget {
		return fenced, n, err
	}
	if block, n, err = cut(block, budget-fence); err != nil {
		return "", 0, err
	}
	return c.fence("profile", block), n + fence, nil
}

// profileAt renders the block at one level.
func (c cleaner) profileAt(in Input, l level) string {
	var b strings.Builder
	c.findings(&b, in.Analysis, l)
	for _, t := range in.Trees {
		c.tree(&b, t, l)
	}
	return b.String()
}

// findings renders the findings and the facts of the profiles.
func (c cleaner) findings(b *strings.Builder, a events.Analysis, l level) {
	b.WriteString("Findings of the rules, most important first\n")
	if len(a.Findings) == 0 {
		b.WriteString("none\n")
	}
	for _, f := range a.Findings[:min(l.findings, len(a.Findings))] {
		c.finding(b, f, l.texts)
	}
	b.WriteString("\nFacts: id | value | what\n")
	for _, f := range profiled(a, l.facts) {
		c.fact(b, f)
	}
}

// fact renders a fact in one line.
func (c cleaner) fact(b *strings.Builder, f events.Fact) {
	fmt.Fprintf(b, "%s | %s | %s\n", c.name(f.ID), c.sentence(wording.Fact(f)), c.sentence(f.Text))
}

// finding renders one finding of the rules.
func (c cleaner) finding(b *strings.Builder, f events.Finding, texts int) {
	frame := c.name(f.Frame)
	if len(f.Path) == 0 { // no frame, but words: "task threads"
		frame = c.label(f.Frame)
	}
	fmt.Fprintf(b, "%s | %s | %s | %s | evidence %s\n", c.name(f.ID), c.label(string(f.Severity)),
		c.sentence(f.Title), frame, c.label(strings.Join(f.Evidence, " ")))
	if f.P > 0 {
		of := "the time of the tasks"
		if f.OnPath {
			of = "the time of the limiting vertex"
		}
		fmt.Fprintf(b, "  %s of %s, %s samples", percent(f.P), of, wording.Decimal(float64(f.Samples), 0))
		if f.Bound > 0 {
			fmt.Fprintf(b, ", speed-up at most %s×", wording.Decimal(f.Bound, 1))
		}
		b.WriteByte('\n')
	}
	if texts == 0 {
		return
	}
	for _, t := range []struct{ name, text string }{{"cause", f.Cause}, {"fix", f.Recommendation.Change}} {
		if t.text != "" {
			fmt.Fprintf(b, "  %s: %s\n", t.name, shorten(c.sentence(t.text), texts))
		}
	}
}

// tree renders the lines of a tree that are wide enough, indented by depth.
func (c cleaner) tree(b *strings.Builder, t Tree, l level) {
	fmt.Fprintf(b, "\nCall tree %s: id share self frame\n", c.label(string(t.Mode)))
	shown := 0
	for _, line := range t.Lines {
		if line.Share < l.share || shown == l.lines {
			continue
		}
		shown++
		frame := line.Frame
		if wording.Library(frame) {
			frame = wording.ClassMethod(frame)
		}
		fmt.Fprintf(b, "%s %s%.1f %.1f %s\n", c.name(line.ID), strings.Repeat(" ", min(line.Depth, 40)),
			line.Share*100, line.Self*100, c.name(frame))
	}
	if left := len(t.Lines) - shown; left > 0 {
		fmt.Fprintf(b, "(%d narrower lines left out)\n", left)
	}
}

// citedFacts returns the ids of the facts that the verdict and the findings cite.
func citedFacts(a events.Analysis) map[string]bool {
	cited := map[string]bool{}
	for _, id := range a.Verdict.Evidence {
		cited[id] = true
	}
	for _, f := range a.Findings {
		for _, id := range f.Evidence {
			cited[id] = true
		}
	}
	return cited
}

// profiled returns the facts of the profiles that the verdict and the findings cite, and the first others up to the
// limit, in the order of the analysis. Lines of trees are shown in the trees.
func profiled(a events.Analysis, limit int) []events.Fact {
	cited := citedFacts(a)
	others := 0
	return slices.DeleteFunc(slices.Clone(a.Evidence), func(f events.Fact) bool {
		switch {
		case measured(f):
			return true
		case cited[f.ID]:
			return false
		case strings.HasPrefix(f.ID, "T") || others == limit:
			return true
		}
		others++
		return false
	})
}

// cut keeps as many whole lines from the start of s as the budget allows. It returns them and their tokens, counted
// line by line, which is never less than what the whole costs.
func cut(s string, budget int) (string, int, error) {
	total, end := 0, 0
	for line := range strings.Lines(s) {
		n, err := CountTokens(line)
		if err != nil {
			return "", 0, err
		}
		if total+n > budget {
			break
		}
		total += n
		end += len(line)
	}
	return s[:end], total, nil
}
