package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"squirrly.dev/services/analyzer"
)

// preview prints what an LLM would be sent, and on stderr what that amounts to. It sends nothing.
func (a *app) preview(s *analyzer.Service, in analyzer.Input) error {
	if a.flags.output == formatHTML {
		return usage("-o html: a prompt is Markdown; choose text, json or markdown")
	}
	p, err := s.Prompt(in)
	if err != nil {
		return fmt.Errorf("build the prompt: %w", err)
	}
	if a.flags.output == formatJSON {
		return a.json(p)
	}
	if _, err := fmt.Fprintln(a.out, strings.TrimRight(p.Markdown, "\n")); err != nil {
		return fmt.Errorf("print the prompt: %w", err)
	}
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(a.err, format+"\n", args...) }
	parts := make([]string, 0, len(p.Parts))
	for _, name := range slices.Sorted(maps.Keys(p.Parts)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, p.Parts[name]))
	}
	say("%d tokens (%s)", p.Tokens, strings.Join(parts, ", "))
	if p.Model != "" {
		say("would go to %s: %s", p.Model, estimate(p.Cost))
	}
	for kind, n := range p.Redacted {
		say("%d places of secrets (%s) removed", n, kind)
	}
	for _, name := range p.Left {
		say("left out: %s", clean(name))
	}
	for _, note := range p.Notes {
		say("%s", clean(note))
	}
	return nil
}

// estimate says what a question would cost.
func estimate(e *analyzer.Estimate) string {
	if e == nil {
		return "the cost is unknown, for the model has no price (SQUIRRLY_LLM_PRICES)"
	}
	return fmt.Sprintf("$%.4f for the prompt, at most $%.4f with an answer of %d tokens (prices of %s)", e.Prompt, e.Most,
		e.MaxOutput, e.Prices)
}
