// Package placeholder knows the values that examples hold in the place of a real one, such as replace-me: a process that takes
// one for a password would run with a password that everybody can read in the repository. Whether a real value is a good one
// is not asked here.
package placeholder

import (
	"errors"
	"regexp"
	"strings"
)

// Err says that a value is a placeholder, and what to do. It holds no value.
var Err = errors.New("it holds a placeholder of an example: put the real value there, or leave the setting out")

var (
	// within are words that stand in no value by chance.
	within = regexp.MustCompile(`(?i)\b_?(replace|change|fill)[-_ ]?(me|this|it)\b|replace-me|changeme`)
	// whole are values as a whole: <token>, your-api-key, xxxx, and three dots.
	whole = regexp.MustCompile(`(?i)^(<[^<>]*>|\[[a-z_ -]+\]|your[-_ ](\w+[-_ ])*(token|key|secret|password|passphrase|user|username|name|id|url|value)([-_ ]here)?` +
		`|(insert|put|enter|add)[-_ ].*[-_ ]here|x{3,}|\*{3,}|\.{3}|…|placeholder|to[-_ ]?do|tbd|fixme)$`)
)

// Is reports whether a value is a placeholder.
func Is(value string) bool {
	value = strings.TrimSpace(value)
	return within.MatchString(value) || whole.MatchString(value)
}
