// Package question makes what an LLM is asked about a diagnosis: which prompt, and what of the input goes with it.
package question

import (
	"squirrly.dev/services/analyzer/internal/ask"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/input"
)

// Builder makes the questions of a process. The zero value uses the default prompt.
type Builder struct {
	Templates Templates
	Window    int  // tokens that a prompt may have
	Mask      bool // the user's names are masked, and files are not sent
}

// Build returns the question about a diagnosis. The error is [ErrPrompt].
func (b Builder) Build(in *input.Input, res *diagnose.Result) (ask.Input, error) {
	template, err := b.Templates.of(in)
	if err != nil {
		return ask.Input{}, err
	}
	q := ask.From(*res)
	q.Mask = b.Mask
	p := &q.Prompt
	p.Template, p.Budget.Window = template, b.Window
	for _, f := range in.Files {
		p.Files = append(p.Files, prompt.File{Name: f.Name, Text: f.Text})
	}
	if c := in.Context; c != nil {
		p.Edges, p.Windows = edgesOf(c, res.Analysis), windowsOf(c, res.Analysis)
		p.Java, p.Failures = c.JavaVersion, c.Exceptions
		p.Settings = settingsOf(c, inSQL(c), p.Keys)
	}
	return q, nil
}
