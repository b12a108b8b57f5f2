// Package fingerprint names a problem the same in every run: by rule or category, anchor, place and family of modes,
// never by size or wording. Numbers that compilers and code generators give are left out, since the next build gives
// others.
//
// What a problem is, and what becomes of it, does not belong here.
package fingerprint

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// Version tells fingerprints apart that were made by other rules: by other anchors, places or foldings. It grows with each
// change that gives the same problem another fingerprint. 1 was not written; 2 names vertices by their short names and
// functions by operators.
const Version = 2

// Of is the fingerprint of a problem: 16 hex digits. Kind is a rule or a category, place an operator or a vertex, and
// family that of the modes which show it, so that ITIMER and CPU find the same problem.
func Of(kind, anchor, place, family string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{kind, Fold(anchor), Fold(place), family}, "\n")))
	return hex.EncodeToString(sum[:8])
}

var (
	// javac names the body of a lambda lambda$<method>$<n>, and lambda$<method>$<hash>$<n> when it is serializable.
	lambda = regexp.MustCompile(`(lambda\$\w*?)\$[\w$]+`)
	// Anonymous and local classes are Outer$1 and Outer$1Local; Scala has $anonfun$1 and $$anon$1, Kotlin method$1.
	number = regexp.MustCompile(`\$\d+`)
)

// Fold gives the normalised name of a function (flamegraph.Normalize) the form that survives a new build: the numbers
// of lambdas, anonymous, local and generated classes are folded. Two lambdas of one method become one name.
func Fold(name string) string {
	return number.ReplaceAllString(lambda.ReplaceAllString(name, "$1"), "$$*")
}
