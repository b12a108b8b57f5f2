package prompt

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/services/analyzer/internal/facts"
)

// maxTokenBytes is more than a token of source code or prose holds on average: what a file has beyond it cannot fit.
const maxTokenBytes = 12

// ranked is a context file with the number of hot classes that it names.
type ranked struct {
	File
	hot int
}

// contextBlock renders the context files within the budget of tokens, each whole or cut at the end of a line, those
// first that name a class of the hot frames. It returns the block, its tokens and the names of what was left out.
func (c cleaner) contextBlock(in Input, clean func(string) string, budget int) (string, int, []string, error) {
	var b strings.Builder
	var left []string
	total := 0
	for _, f := range rank(in.Files, classes(in)) {
		name := c.label(f.Name)
		if total >= budget {
			left = append(left, name)
			continue
		}
		raw := start(f.Text, (budget-total)*maxTokenBytes)
		text := clean(raw)
		head := fmt.Sprintf("--- file %s\n", name)
		body, n, err := cut(head+text+"\n", budget-total)
		switch {
		case err != nil:
			return "", 0, nil, err
		case len(body) <= len(head):
			left = append(left, name)
			continue
		case len(body) < len(head)+len(text) || len(raw) < len(f.Text):
			left = append(left, name+" (its end)")
		}
		total += n
		b.WriteString(strings.TrimRight(body, "\n") + "\n")
	}
	return b.String(), total, left, nil
}

// start returns the whole lines of s within the limit of bytes.
func start(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return s[:strings.LastIndexByte(s[:limit], '\n')+1]
}

// classes returns the simple names of the user's classes in findings, facts and trees.
func classes(in Input) map[string]bool {
	hot := map[string]bool{}
	add := func(frame string) {
		if frame == "" || facts.Library(frame) {
			return
		}
		class, _, _ := strings.Cut(facts.Short(frame), ".")
		for part := range strings.SplitSeq(class, "$") {
			if len(part) > 2 {
				hot[part] = true
			}
		}
	}
	for _, f := range in.Analysis.Findings {
		add(f.Anchor)
		add(f.Frame)
	}
	for _, f := range in.Analysis.Evidence {
		add(f.Frame)
	}
	for _, t := range in.Trees {
		for _, l := range t.Lines {
			add(l.Frame)
		}
	}
	return hot
}

// rank sorts files by the hot classes they name, most first, and keeps the given order among equals.
func rank(files []File, hot map[string]bool) []ranked {
	out := make([]ranked, 0, len(files))
	for _, f := range files {
		r := ranked{File: f}
		for class := range hot {
			if strings.Contains(f.Text, class) {
				r.hot++
			}
		}
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b ranked) int { return cmp.Compare(b.hot, a.hot) })
	return out
}
