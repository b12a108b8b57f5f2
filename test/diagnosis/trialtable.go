package diagnosis

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"squirrly.dev/internal/llmtest"
)

// firsts says whether the first cause and its first change are right, by the rules alone and with models.
func firsts(all []Report) string {
	var b strings.Builder
	b.WriteString("\n| capture | rules alone: cause, change | honest reader | liars and the shotgun | false and supported: honest, at most |\n|---|---|---|---|---|\n")
	right := func(l LLM) string { return mark(l.Cause) + ", " + mark(l.Change) }
	for _, r := range all {
		if r.Known {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %d, %d |\n", r.Name, right(r.Rules), right(r.Honest), right(r.Worst), r.Honest.Supported, r.Worst.Supported)
		}
	}
	return b.String()
}

// Right reports whether nothing false was printed as a finding.
func (r Report) Right() bool {
	for _, c := range r.Sayings {
		if c.Found > 0 {
			return false
		}
	}
	return len(r.ProvenFalse) == 0 && len(r.Broken) == 0 && r.MostAtOnce <= 1
}

// String tells what came of the stand-ins, a few lines.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: shotgun of %d answers: proven and false %d, supported at once at most %d\n", r.Name, r.Steps, len(r.ProvenFalse), r.MostAtOnce)
	if r.Known {
		fmt.Fprintf(&b, "  rules:  %s\n  honest: %s\n  liars:  %s\n", r.Rules, r.Honest, r.Worst)
	}
	for _, s := range r.Reader.Supported {
		fmt.Fprintf(&b, "  honest supported: %s\n", describe(s))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Supported)) {
		fmt.Fprintf(&b, "  shotgun supported: %s (%d answers)\n", name, r.Supported[name])
	}
	for _, name := range slices.Sorted(maps.Keys(r.Added)) {
		fmt.Fprintf(&b, "  shotgun added to %s (%d answers)\n", name, r.Added[name])
	}
	for _, m := range slices.Concat(r.ProvenFalse, r.Broken) {
		fmt.Fprintf(&b, "  FALSE: %s\n", m)
	}
	for _, kind := range slices.Sorted(maps.Keys(r.Sayings)) {
		if n := r.Sayings[kind].Found; n > 0 {
			fmt.Fprintf(&b, "  FALSE: hostile words (%s) were told %d times\n", kind, n)
		}
	}
	return b.String()
}

// Sum is a table of all reports, one of what is printed first where the truth is known, and one of hostile words by kind and
// language.
func Sum(all []Report) string {
	var b strings.Builder
	b.WriteString(firsts(all))
	b.WriteString("\n| capture | answers of the shotgun | proven and false | supported by one possible claim | most at once | liars that got something printed | prompt, tokens |\n" +
		"|---|---|---|---|---|---|---|\n")
	total := map[string]SayingCounts{}
	for _, r := range all {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %d |\n", r.Name, r.Steps, len(r.ProvenFalse), len(r.Supported), r.MostAtOnce, len(r.Broken), r.Tokens)
		for kind, c := range r.Sayings {
			t := total[kind]
			total[kind] = SayingCounts{t.Found + c.Found, t.Read + c.Read}
		}
	}
	b.WriteString("\n| hostile words | as findings: " + strings.Join(llmtest.Languages, ", ") + " | as readings |\n|---|---|---|\n")
	for _, s := range llmtest.Sayings() {
		if s.Language != llmtest.Languages[0] {
			continue
		}
		var found, read []string
		for _, language := range llmtest.Languages {
			c := total[s.Kind+", "+language]
			found, read = append(found, fmt.Sprint(c.Found)), append(read, fmt.Sprint(c.Read))
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", s.Kind, strings.Join(found, ", "), strings.Join(read, ", "))
	}
	return b.String()
}
