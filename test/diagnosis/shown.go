package diagnosis

import (
	"bytes"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/llmtest"
	"squirrly.dev/internal/wording"
	"squirrly.dev/services/analyzer"
)

// Decisive is whether the map of a prompt shows what the truth names.
type Decisive struct {
	Share float64 // of the samples that are not parked, in frames of the truth, in the mode that shows most of them
	Map   bool    // one of the frames is in the map
	Trees bool    // and in a call tree
}

// treeLine is a line of a call tree in a map.
var treeLine = regexp.MustCompile(`(?m)^T\d+ +[\d.]+ [\d.]+ .*$`)

// Shown looks for the frames of a truth in the pages and in the map of a prompt. It knows no rule.
func Shown(t *Truth, in analyzer.Input, prompt string) (Decisive, error) {
	var d Decisive
	_, prompt, _ = strings.Cut(prompt, "<<<DATA ")
	trees := strings.Join(treeLine.FindAllString(prompt, -1), "\n")
	for _, p := range in.Pages {
		if p.Body == nil {
			continue
		}
		g, err := flamegraph.Parse(bytes.NewReader(p.Body), flamegraph.Limits{})
		if err != nil {
			return d, fmt.Errorf("%s %s: %w", p.JVM, p.Mode, err)
		}
		d.page(t, flamegraph.Merge(g), prompt, trees)
	}
	return d, nil
}

// page looks for the frames in one page.
func (d *Decisive) page(t *Truth, g *flamegraph.Graph, prompt, trees string) {
	of := func(name string) bool { return t.Frame.In(name) || t.Frame.Regexp == nil && t.Anchor.In(name) }
	if active := g.Total() - min(g.Total(), outermost(g, idle)); active > 0 {
		d.Share = max(d.Share, float64(outermost(g, of))/float64(active))
	}
	for i := range g.NumNames() {
		if name := g.Name(flamegraph.NameID(i)); of(name) {
			d.Map = d.Map || says(prompt, name)
			d.Trees = d.Trees || says(trees, name)
		}
	}
}

// says reports that a text has a name as a map shows it.
func says(text, name string) bool {
	shown := wording.Frame(name)
	return slices.ContainsFunc(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,\n", r) }),
		func(word string) bool { return word == shown })
}

// Map is what the map of one run takes and holds.
type Map struct {
	Name     string
	Parts    map[string]int // tokens by part: "system", each block, and "whole" of the prompt
	Answer   int            // tokens of what the honest reader says to it
	Known    bool           // the truth is
	Decisive Decisive
}

// MapOf builds the prompt about a run, lets the honest reader answer it and looks for what the truth names.
func MapOf(name string, in analyzer.Input, truth *Truth) (Map, error) {
	m := Map{Name: name, Known: truth != nil && (truth.Frame.Regexp != nil || truth.Anchor.Regexp != nil)}
	s, err := analyzer.New(analyzer.Config{Version: "benchmark"}, analyzer.Deps{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return m, fmt.Errorf("open the analyzer: %w", err)
	}
	p, err := s.Prompt(in)
	if err != nil {
		return m, fmt.Errorf("build the prompt: %w", err)
	}
	m.Parts = p.Parts
	m.Parts["whole"] = p.Tokens
	said := llmtest.HonestAnswer(llmtest.Request{Messages: []llmtest.Message{{Role: "system", Content: p.System}, {Role: "user", Content: p.User}}})
	if m.Answer, err = analyzer.CountTokens(said); err != nil {
		return m, fmt.Errorf("count the answer: %w", err)
	}
	if m.Known {
		m.Decisive, err = Shown(truth, in, p.User)
	}
	return m, err
}

// Maps is a table of what maps take, median and most, and of the decisive frames that are not in a call tree.
func Maps(all []Map) string {
	var b strings.Builder
	b.WriteString("| part | tokens, median | most |\n|---|---|---|\n")
	for _, part := range []string{"system", "job", "graph", "profile", "metrics", "settings", "whole"} {
		row(&b, part, all, func(m *Map) int { return m.Parts[part] })
	}
	row(&b, "honest reader's answer", all, func(m *Map) int { return m.Answer })
	known, inMap, inTrees := 0, 0, 0
	for i := range all {
		if d := all[i].Decisive; all[i].Known && d.Share >= leastDecisive {
			known, inMap, inTrees = known+1, inMap+count(d.Map), inTrees+count(d.Trees)
			if !d.Trees {
				fmt.Fprintf(&b, "%s: the decisive frame (%.1f %%) is in no call tree\n", all[i].Name, 100*d.Share)
			}
		}
	}
	fmt.Fprintf(&b, "decisive frames: %d runs have them, %d maps show them, %d in call trees\n", known, inMap, inTrees)
	return b.String()
}

// leastDecisive is the share of the samples from which on a frame of the truth has to be shown: a fix makes it smaller.
const leastDecisive = 0.02

func row(b *strings.Builder, name string, all []Map, of func(*Map) int) {
	var n []int
	for i := range all {
		n = append(n, of(&all[i]))
	}
	slices.Sort(n)
	fmt.Fprintf(b, "| %s | %d | %d |\n", name, n[len(n)/2], n[len(n)-1])
}
