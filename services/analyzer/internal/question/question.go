// Package question makes what an LLM is asked about a diagnosis: which prompt, which form of the profile, and what of
// the input goes with it.
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
	Block     prompt.Block // form of the profile where an input does not choose; empty is compact
	Window    int          // tokens that a prompt may have
	Mask      bool         // the user's names are masked, and files are not sent
}

// Build returns the question about a diagnosis. The error is [ErrPrompt], or names a form of the profile that there is
// none of.
func (b Builder) Build(in *input.Input, res *diagnose.Result) (ask.Input, error) {
	template, err := b.Templates.of(in)
	if err != nil {
		return ask.Input{}, err
	}
	block := b.Block
	if in.Block != "" {
		block = prompt.Block(in.Block)
	}
	if err := block.Validate(); err != nil {
		return ask.Input{}, err
	}
	q := ask.From(*res)
	q.Mask = b.Mask
	p := &q.Prompt
	p.Template, p.Block, p.Budget.Window = template, block, b.Window
	for i := range in.Pages {
		if page := &in.Pages[i]; page.Body != nil {
			p.Pages = append(p.Pages, prompt.Page{Name: page.JVM + " " + string(page.Mode), Body: page.Body})
		}
	}
	for _, f := range in.Files {
		p.Files = append(p.Files, prompt.File{Name: f.Name, Text: f.Text})
	}
	if c := in.Context; c != nil {
		p.Settings = c.Config
		p.Machines = prompt.Machines{
			Java: c.JavaVersion, TaskManagers: c.TaskManagers, Checkpoints: c.Checkpoints, Exceptions: c.Exceptions,
		}
	}
	return q, nil
}
