package report

import (
	"regexp"
	"strings"
)

// glued is a space at which no line is broken: between a sign, a number and its unit.
const glued = "\u00a0"

var (
	signs = regexp.MustCompile(`(^|[ (])([±×≤≥<>+−]) (\d)`)
	units = regexp.MustCompile(`(\d×?) (%|(?:thread-s|core-s|records/s|samples?|records?|cores?|subtasks?|threads?|times|` +
		`[KMG]iB|B|ms|s|min|h|d)(?:$|[ ,.;:)]))`)
)

// glue keeps numbers together with their signs and units when a line is broken.
func glue(text string) string {
	if !strings.ContainsAny(text, "0123456789") {
		return text
	}
	text = signs.ReplaceAllString(text, "$1$2"+glued+"$3")
	return units.ReplaceAllString(text, "$1"+glued+"$2")
}
