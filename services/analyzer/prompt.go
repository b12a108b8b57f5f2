package analyzer

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"squirrly.dev/services/analyzer/internal/ask"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/diagnose"
)

// PromptConfig says how an LLM is asked.
type PromptConfig struct {
	Dir     string  `env:"PROMPT_DIR"`         // folder of <job>.md files: Markdown for one job
	Block   string  `env:"PROFILE_BLOCK"`      // compact or html; empty is compact
	Window  int     `env:"LLM_CONTEXT_TOKENS"` // that the model reads and writes; 0 is DefaultWindow
	Privacy Privacy `env:"LLM_PRIVACY"`        // off or mask; empty is off
}

// DefaultWindow is the context in tokens that a model is taken to have.
const DefaultWindow = 128_000

// Privacy says what an LLM may see of the names in a job.
type Privacy string

// The kinds of privacy.
const (
	PrivacyOff  Privacy = "off"
	PrivacyMask Privacy = "mask" // the user's names are masked, and files are not sent
)

// Validate checks the names of the choices.
func (c PromptConfig) Validate() error {
	if err := prompt.Block(c.Block).Validate(); err != nil {
		return fmt.Errorf("SQUIRRLY_PROFILE_BLOCK: %w", err)
	}
	switch {
	case c.Privacy != "" && c.Privacy != PrivacyOff && c.Privacy != PrivacyMask:
		return fmt.Errorf("SQUIRRLY_LLM_PRIVACY %q: choose %s or %s", string(c.Privacy), PrivacyOff, PrivacyMask)
	case c.Window < 0:
		return fmt.Errorf("SQUIRRLY_LLM_CONTEXT_TOKENS: %d tokens are not possible", c.Window)
	}
	return nil
}

// CheckPrompt checks the Markdown of a user that is to replace the default prompt. The error names the line.
func CheckPrompt(markdown string) error {
	_, err := prompt.Parse(markdown)
	return err
}

// templates are the prompts of a process.
type templates struct {
	all prompt.Template
	job map[string]*prompt.Template // by name of the job
}

// loadTemplates reads and checks the configured prompts.
func loadTemplates(file, dir string) (templates, error) {
	t := templates{all: *prompt.Default(), job: map[string]*prompt.Template{}}
	if file != "" {
		parsed, err := loadTemplate(file)
		if err != nil {
			return t, fmt.Errorf("SQUIRRLY_PROMPT_FILE: %w", err)
		}
		t.all = *parsed
	}
	if dir == "" {
		return t, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return t, fmt.Errorf("SQUIRRLY_PROMPT_DIR: %w", err)
	}
	for _, e := range entries {
		job, ok := strings.CutSuffix(e.Name(), ".md")
		if !ok || strings.HasPrefix(job, ".") || job == "" {
			continue
		}
		if t.job[job], err = loadTemplate(filepath.Join(dir, e.Name())); err != nil {
			return t, fmt.Errorf("SQUIRRLY_PROMPT_DIR: %w", err)
		}
	}
	return t, nil
}

func loadTemplate(path string) (*prompt.Template, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the prompt: %w", err)
	}
	t, err := prompt.Parse(string(b))
	if err != nil {
		return nil, fmt.Errorf("prompt %s: %w", path, err)
	}
	return t, nil
}

// of returns the prompt of a run: that of the request, else that of its job, else that of the process.
func (t templates) of(in Input) (*prompt.Template, error) {
	if in.Prompt != "" {
		parsed, err := prompt.Parse(in.Prompt)
		if err != nil {
			return nil, fmt.Errorf("prompt of the request: %w", err)
		}
		return parsed, nil
	}
	if own, ok := t.job[in.Identity.Job]; ok {
		return own, nil
	}
	return &t.all, nil
}

// Preview is what an LLM would be sent about an input.
type Preview struct {
	System   string
	User     string
	Markdown string         // both as one readable text
	Model    string         // that would be asked; empty when there is none
	Block    string         // form of the profile: compact or html
	Tokens   int            // of the whole prompt, in o200k_base; other vocabularies differ by up to a quarter
	Parts    map[string]int // tokens by part: system, and each block of data
	Redacted map[string]int // places where a secret was removed, by kind
	Left     []string       // context files and methods that are not sent, and parts of such
	Notes    []string       // what differs from what was asked for, and why
	Cost     *Estimate      // nil: no model would be asked, or its price is unknown
}

// Estimate is what one question would cost, in US dollars.
type Estimate struct {
	Prompt    float64 // with an empty answer
	Most      float64 // with the longest answer
	MaxOutput int     // tokens of the longest answer
	Prices    string  // the day of the price table
}

// Prompt returns what [Service.Analyze] would send for an input. It asks nobody, and needs no provider.
func (s *Service) Prompt(_ context.Context, in Input) (Preview, error) {
	res, err := s.diagnosis(in)
	if err != nil {
		return Preview{}, err
	}
	question, err := s.question(in, res)
	if err != nil {
		return Preview{}, err
	}
	p, err := ask.Prompt(question)
	if err != nil {
		return Preview{}, err
	}
	out := Preview{
		System: p.System, User: p.User, Markdown: p.Markdown(), Block: string(p.Block), Tokens: p.Tokens.Whole,
		Parts: p.Tokens.Parts, Redacted: p.Redacted, Left: p.Left, Notes: p.Notes,
	}
	if s.provider != nil {
		out.Model = s.cfg.LLM.model()
		out.Cost = s.estimate(out.Model, out.Tokens)
	}
	return out, nil
}

// estimate is what a prompt of so many tokens would cost.
func (s *Service) estimate(model string, tokens int) *Estimate {
	e := Estimate{MaxOutput: s.cfg.LLM.maxOutput(), Prices: s.prices.Date.Format(time.DateOnly)}
	var known bool
	if e.Prompt, known = s.prices.Estimate(model, tokens, 0, time.Now()); !known {
		return nil
	}
	e.Most, _ = s.prices.Estimate(model, tokens, e.MaxOutput, time.Now())
	return &e
}

// question is what the LLM is asked about a diagnosis.
func (s *Service) question(in Input, res diagnose.Result) (ask.Input, error) {
	template, err := s.templates.of(in)
	if err != nil {
		return ask.Input{}, err
	}
	block := prompt.Block(s.cfg.LLM.Prompt.Block)
	if in.Block != "" {
		block = prompt.Block(in.Block)
	}
	if err := block.Validate(); err != nil {
		return ask.Input{}, err
	}
	q := ask.From(res)
	q.Mask = s.cfg.LLM.Prompt.Privacy == PrivacyMask
	p := &q.Prompt
	p.Template, p.Block, p.Budget.Window = template, block, s.window()
	for _, page := range in.Pages {
		if page.Body != nil {
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

// window is how many tokens a prompt may have, so that the answer still fits.
func (s *Service) window() int {
	window := s.cfg.LLM.Prompt.Window
	if window == 0 {
		window = DefaultWindow
	}
	return max(window-s.cfg.LLM.maxOutput(), 1)
}
