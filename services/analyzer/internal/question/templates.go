package question

import (
	"errors"
	"fmt"
	"strings"

	"squirrly.dev/internal/userfile"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/input"
)

// ErrPrompt says that the Markdown of a request cannot be used. The text around it names the line.
var ErrPrompt = errors.New("prompt of the request")

// Templates are the prompts of a process.
type Templates struct {
	all *prompt.Template            // nil is the default
	job map[string]*prompt.Template // by name of the job
}

// Load reads and checks the configured prompts: Markdown for all jobs, and a folder of <job>.md files. Either may be empty.
func Load(file, dir string) (Templates, error) {
	t := Templates{job: map[string]*prompt.Template{}}
	var err error
	if file != "" {
		if t.all, err = loadTemplate(file); err != nil {
			return t, fmt.Errorf("SQUIRRLY_PROMPT_FILE: %w", err)
		}
	}
	if dir == "" {
		return t, nil
	}
	folder, err := userfile.OpenFolder(dir)
	if err != nil {
		return t, fmt.Errorf("SQUIRRLY_PROMPT_DIR: %w", err)
	}
	defer folder.Close()
	found, err := folder.Glob("[^.]*.md")
	if err != nil {
		return t, fmt.Errorf("SQUIRRLY_PROMPT_DIR: %w", err)
	}
	for _, name := range found {
		b, err := folder.ReadSoon(name, maxTemplate)
		if err != nil {
			return t, fmt.Errorf("SQUIRRLY_PROMPT_DIR: %w", err)
		}
		if t.job[strings.TrimSuffix(name, ".md")], err = parse(folder.Path(name), b); err != nil {
			return t, fmt.Errorf("SQUIRRLY_PROMPT_DIR: %w", err)
		}
	}
	return t, nil
}

// maxTemplate bounds a prompt, in bytes.
const maxTemplate = 1 << 20

func loadTemplate(path string) (*prompt.Template, error) {
	b, err := userfile.ReadSoon(path, maxTemplate)
	if err != nil {
		return nil, fmt.Errorf("read the prompt: %w", err)
	}
	return parse(path, b)
}

func parse(path string, b []byte) (*prompt.Template, error) {
	t, err := prompt.Parse(string(b))
	if err != nil {
		return nil, fmt.Errorf("prompt %s: %w", path, err)
	}
	return t, nil
}

// of returns the prompt of an analysis: that of the request, else that of its job, else that of the process.
func (t Templates) of(in *input.Input) (*prompt.Template, error) {
	if in.Prompt != "" {
		parsed, err := prompt.Parse(in.Prompt)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrPrompt, err)
		}
		return parsed, nil
	}
	if own, ok := t.job[in.Identity.Job]; ok {
		return own, nil
	}
	return t.all, nil
}

// Check checks the Markdown of a user that is to replace the default prompt. The error names the line.
func Check(markdown string) error {
	_, err := prompt.Parse(markdown)
	return err
}
