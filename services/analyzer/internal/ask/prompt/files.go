package prompt

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/redact"
	"squirrly.dev/internal/wording"
	"squirrly.dev/services/analyzer/internal/ask/snippet"
)

// maxTokenBytes is more than a token of source code or prose holds on average: what a file has beyond it cannot fit.
const maxTokenBytes = 12

// mark stands before each line of a file: a line without it was not in the file.
const mark = "| "

// excerpts collects what is shown of the context files, within a budget of tokens.
type excerpts struct {
	cleaner
	secrets *redact.Redactor
	budget  int
	tokens  int // shown so far
	text    strings.Builder
	left    []string
}

// contextBlock renders the context files within the budget: of source code the methods that the profile names, hottest
// first, and then the other files in the given order, whole or cut at the end of a line. It returns the block, its
// tokens and the names of what was left out.
func (c cleaner) contextBlock(in Input, secrets *redact.Redactor, budget int) (string, int, []string, error) {
	e := excerpts{cleaner: c, secrets: secrets, budget: budget}
	picked := choose(in)
	for _, s := range picked {
		head := fmt.Sprintf("--- file %s, lines %d to %d: %s\n", e.label(s.file), s.method.From, s.method.To, c.name(s.frame))
		label := e.label(s.file) + ": " + c.name(s.method.Name)
		if err := e.add(head, s.text, label, max(e.budget/2, 1)); err != nil {
			return "", 0, nil, err
		}
	}
	for _, f := range in.Files {
		if snippet.Source(f.Name) {
			continue
		}
		if err := e.add(fmt.Sprintf("--- file %s\n", e.label(f.Name)), f.Text, e.label(f.Name), e.budget); err != nil {
			return "", 0, nil, err
		}
	}
	e.cold(in, picked)
	return e.text.String(), e.tokens, e.left, nil
}

// label cleans the name of a file.
func (e *excerpts) label(name string) string { return e.cleaner.label(e.secrets.Text(name)) }

// add shows a text, or as many whole lines of it as the limit and the budget allow.
func (e *excerpts) add(head, text, label string, limit int) error {
	limit = min(limit, e.budget-e.tokens)
	if limit <= 0 {
		e.left = append(e.left, label)
		return nil
	}
	raw := start(text, limit*maxTokenBytes)
	whole := head + e.marked(raw)
	body, n, err := cut(whole, limit)
	switch {
	case err != nil:
		return err
	case len(body) <= len(head):
		e.left = append(e.left, label)
		return nil
	case len(body) < len(whole) || len(raw) < len(text):
		e.left = append(e.left, label+" (its end)")
	}
	e.tokens += n
	e.text.WriteString(body)
	return nil
}

// marked returns the lines of a text, clean and each behind the mark.
func (e *excerpts) marked(text string) string {
	var b strings.Builder
	for line := range strings.Lines(e.cleaner.text(e.secrets.Text(text))) {
		b.WriteString(mark + strings.TrimRight(line, "\n") + "\n")
	}
	return b.String()
}

// start returns the whole lines of s within the limit of bytes.
func start(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return s[:strings.LastIndexByte(s[:limit], '\n')+1]
}

// chosen is a method of a context file that the profile names.
type chosen struct {
	file   string
	frame  string
	text   string
	method snippet.Method
}

// choose returns the methods that hot frames name, hottest first, each once.
func choose(in Input) []chosen {
	var out []chosen
	methods := make([][]snippet.Method, len(in.Files))
	for i, f := range in.Files {
		methods[i] = snippet.Methods(f.Name, f.Text)
	}
	for _, frame := range hot(in) {
		for i, f := range in.Files {
			methods[i] = slices.DeleteFunc(methods[i], func(m snippet.Method) bool {
				if m.Named(frame) {
					out = append(out, chosen{f.Name, frame, m.Text(f.Text), m})
					return true
				}
				return false
			})
		}
	}
	return out
}

// cold names the source files of which nothing is shown because the profile names none of their methods.
func (e *excerpts) cold(in Input, picked []chosen) {
	named := map[string]bool{}
	for _, s := range picked {
		named[s.file] = true
	}
	for _, f := range in.Files {
		if snippet.Source(f.Name) && !named[f.Name] {
			e.left = append(e.left, e.label(f.Name)+" (names no hot method)")
		}
	}
}

// weighed is a frame with its rank: more is hotter.
type weighed struct {
	frame string
	rank  float64
}

// hot returns the user's frames of findings, trees and facts, each once: those of findings first, then the widest.
func hot(in Input) []string {
	all := ranked(in)
	slices.SortStableFunc(all, func(a, b weighed) int { return cmp.Compare(b.rank, a.rank) })
	var out []string
	seen := map[string]bool{}
	for _, w := range all {
		if w.frame != "" && !seen[w.frame] && !wording.Library(w.frame) {
			seen[w.frame] = true
			out = append(out, w.frame)
		}
	}
	return out
}

func ranked(in Input) []weighed {
	var all []weighed
	for i, f := range in.Analysis.Findings {
		first := 2 + 1/float64(i+1) // before every share
		all = append(all, weighed{f.Anchor, first}, weighed{f.Frame, first})
		for _, frame := range f.Path {
			all = append(all, weighed{frame, first})
		}
	}
	for _, t := range in.Trees {
		for _, l := range t.Lines {
			all = append(all, weighed{l.Frame, l.Share})
		}
	}
	for _, f := range in.Analysis.Evidence {
		if f.Unit == wording.UnitShare {
			all = append(all, weighed{f.Frame, f.Value})
		}
	}
	return all
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
