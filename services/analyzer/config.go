package analyzer

import (
	"errors"
	"fmt"
	"math"
	"time"

	"squirrly.dev/internal/link"
)

// Config of the service. The zero value works: rules alone, default prompt.
type Config struct {
	Slots      int     `env:"SLOTS" envDefault:"2" about:"runs analyzed at a time"`
	PromptFile string  `env:"PROMPT_FILE" about:"Markdown that replaces the default prompt"`
	ReportURL  string  `env:"REPORT_URL" about:"of the HTTP API, as people reach it; or with {run} for the run's id"`
	FollowUps  bool    `env:"FOLLOW_UPS" envDefault:"true" about:"ask for ALLOC and LOCK captures where they would explain more"`
	CorePrice  float64 `env:"CORE_PRICE" about:"of a core for an hour; 0: findings have cores and no costs"`
	Currency   string  `env:"CURRENCY" envDefault:"USD" about:"of the price of a core"`
	Links      link.Config
	LLM        LLMConfig
	Version    string `env:"-"` // of this program, for the provenance of results
}

// Validate checks the parts that cannot be checked alone.
func (c Config) Validate() error {
	var err error
	if c.CorePrice < 0 || math.IsNaN(c.CorePrice) || math.IsInf(c.CorePrice, 0) {
		err = fmt.Errorf("the price of a core (SQUIRRLY_CORE_PRICE) is %v: a number above 0, or 0 for none", c.CorePrice)
	}
	return errors.Join(err, c.LLM.Validate(), c.Links.Validate(), link.ValidBase(c.ReportURL))
}

// Aliases are the well-known names of the variables.
func (Config) Aliases() map[string]string { return llmAliases }

// reportURL is where people read the report of a run; empty when it is not configured.
func (c Config) reportURL(run string) string { return c.Links.Report(c.ReportURL, run, time.Now()) }
