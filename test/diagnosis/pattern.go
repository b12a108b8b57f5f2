package diagnosis

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"squirrly.dev/pkg/events"
)

// Pattern is a regular expression in a truth file; a text that equals it matches too, as names with brackets do. The
// zero value matches nothing.
type Pattern struct{ *regexp.Regexp }

// UnmarshalYAML implements yaml.Unmarshaler. An empty text is no pattern.
func (p *Pattern) UnmarshalYAML(n *yaml.Node) (err error) {
	if n.Value == "" || n.Tag == "!!null" {
		return nil
	}
	p.Regexp, err = regexp.Compile(n.Value)
	if err != nil {
		return fmt.Errorf("line %d: %w", n.Line, err)
	}
	return nil
}

// In reports whether the pattern matches one of the texts.
func (p Pattern) In(texts ...string) bool {
	return p.Regexp != nil && slices.ContainsFunc(texts, func(text string) bool {
		return p.MatchString(text) || text == p.String()
	})
}

// Patterns are one or several regular expressions, in which case does not matter.
type Patterns []Pattern

// UnmarshalYAML implements yaml.Unmarshaler.
func (p *Patterns) UnmarshalYAML(n *yaml.Node) error {
	for _, item := range items(n) {
		one, err := regexp.Compile("(?i)" + item.Value)
		if err != nil {
			return fmt.Errorf("line %d: %w", item.Line, err)
		}
		*p = append(*p, Pattern{one})
	}
	return nil
}

// In reports whether any pattern matches one of the texts.
func (p Patterns) In(texts ...string) bool {
	return slices.ContainsFunc(p, func(one Pattern) bool { return one.In(texts...) })
}

// Modes are one or several modes, in any case.
type Modes []events.Mode

// UnmarshalYAML implements yaml.Unmarshaler.
func (m *Modes) UnmarshalYAML(n *yaml.Node) error {
	for _, item := range items(n) {
		mode := events.Mode(strings.ToUpper(item.Value))
		if !mode.Valid() {
			return fmt.Errorf("line %d: %q is no mode", n.Line, item.Value)
		}
		if !slices.Contains(*m, mode) {
			*m = append(*m, mode)
		}
	}
	return nil
}

// RuleIDs are one or several rules. Of "A2 (outranks A4)" the first is meant.
type RuleIDs []string

var ruleID = regexp.MustCompile(`\b[A-Z]\d{1,2}\b`)

// UnmarshalYAML implements yaml.Unmarshaler.
func (r *RuleIDs) UnmarshalYAML(n *yaml.Node) error {
	for _, item := range items(n) {
		*r = append(*r, cmp.Or(ruleID.FindString(item.Value), item.Value))
	}
	return nil
}

// items are the elements of a list, or the scalar itself.
func items(n *yaml.Node) []*yaml.Node {
	if n.Kind == yaml.SequenceNode {
		return n.Content
	}
	return []*yaml.Node{n}
}
