package mechanisms

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Edits says what a change is made to, and so who can make it.
type Edits string

// What is edited. A change of a function is only for code that is the user's: nobody edits a class of Flink.
const (
	EditsSettings Edits = ""         // the configuration of the job or of its cluster
	EditsFunction Edits = "function" // the function that takes the time
	EditsProgram  Edits = "program"  // how a program puts its operators and state together
	EditsQuery    Edits = "query"    // a statement in SQL, or the definition of a table
	EditsAny      Edits = "any"      // whatever the job is written in
)

// Change is something to do about a mechanism.
type Change struct {
	Do        string      `yaml:"do"` // texts are templates, as [Render] reads them
	Why       string      `yaml:"why"`
	TradeOffs string      `yaml:"tradeOffs"`
	Effort    string      `yaml:"effort"`  // config, code or redesign
	Edits     Edits       `yaml:"edits"`   //
	Applies   []Condition `yaml:"applies"` // all of these must be so
	When      string      `yaml:"when"`    // how people can tell, so that it is offered where nobody knows whether it applies
	Set       []Setting   `yaml:"set"`
	Wider     bool        `yaml:"wider"` // it spares more than the time in the mechanism's frames: that time bounds no gain
	Links     []string    `yaml:"links"` // pages of Flink's documentation, below its root
}

// Setting is a key of Flink's configuration and what it should be. Times stands for a value that is the one in force so
// many times over.
type Setting struct {
	Key   string  `yaml:"key"`
	Value string  `yaml:"value"`
	Times float64 `yaml:"times"`
	Flink string  `yaml:"flink"` // major version that spells it so; empty is all
}

// In returns the settings of a change that a version of Flink spells so ("1.20.5"; empty when it is unknown).
func (c *Change) In(flinkVersion string) []Setting {
	major, _, _ := strings.Cut(flinkVersion, ".")
	var out []Setting
	for _, s := range c.Set {
		if s.Flink == "" || major == "" || s.Flink == major {
			out = append(out, s)
		}
	}
	return out
}

// Pages returns the addresses of the pages that a change links to, in the documentation of a version of Flink.
func (c *Change) Pages(flinkVersion string) []string {
	root := "https://nightlies.apache.org/flink/flink-docs-stable/"
	if strings.HasPrefix(flinkVersion, "1.") {
		root = "https://nightlies.apache.org/flink/flink-docs-release-1.20/"
	}
	var out []string
	for _, page := range c.Links {
		out = append(out, root+page)
	}
	return out
}

func (c *Change) check() error {
	switch {
	case c.Do == "" || c.Why == "":
		return errors.New("do and why must be set")
	case !slices.Contains([]string{"config", "code", "redesign"}, c.Effort):
		return errors.New("effort is config, code or redesign")
	case !slices.Contains([]Edits{EditsSettings, EditsFunction, EditsProgram, EditsQuery, EditsAny}, c.Edits):
		return errors.New("edits is function, program, query, any, or nothing")
	case c.When != "" && len(c.Applies) == 0:
		return errors.New("when tells whether a change applies, and this one always does")
	}
	for _, s := range c.Set {
		if s.Key == "" || (s.Value == "") == (s.Times == 0) || s.Times < 0 {
			return fmt.Errorf("setting %q has a value or times one", s.Key)
		}
	}
	return errors.Join(checkTexts(c.Do, c.Why, c.TradeOffs, c.When), checkConditions(c.Applies))
}

// Settings are those of all changes of a mechanism, for all versions.
func (r *Mechanism) Settings() []Setting {
	var out []Setting
	for i := range r.Changes {
		out = append(out, r.Changes[i].Set...)
	}
	return out
}
