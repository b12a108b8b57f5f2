package analyzer

import (
	"errors"
	"fmt"

	"squirrly.dev/services/analyzer/internal/question"
)

// PromptConfig says how an LLM is asked.
type PromptConfig struct {
	Dir     string  `env:"PROMPT_DIR" about:"folder of <job>.md files: Markdown for one job"`
	Block   string  `env:"PROFILE_BLOCK" about:"compact or empty: the map of the profile, the only form that there is"`
	Window  int     `env:"LLM_CONTEXT_TOKENS" about:"that the model reads and writes; 0 is the default"`
	Privacy Privacy `env:"LLM_PRIVACY" about:"off or mask; empty is off"`
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
	if err := CheckBlock(c.Block); err != nil {
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

// CheckBlock checks the form of the profile that somebody asks for. There is one, compact: pages as captured are sent no more.
func CheckBlock(name string) error {
	switch name {
	case "", "compact":
		return nil
	case "html":
		return errors.New("html: pages as captured are not sent any more; what a prompt holds in their place is a map of the profile, " +
			"with call trees that are cut finely where the job is limited; leave the setting out")
	}
	return fmt.Errorf("%q: there is one form of the profile, compact; leave the setting out", name)
}

// questions makes the questions of this configuration. A prompt leaves room for the answer.
func (c LLMConfig) questions(t question.Templates) question.Builder {
	window := c.Prompt.Window
	if window == 0 {
		window = DefaultWindow
	}
	return question.Builder{
		Templates: t, Window: max(window-c.maxOutput(), 1), Mask: c.Prompt.Privacy == PrivacyMask,
	}
}
