package redact

import (
	"math"
	"strings"
	"unicode"

	"squirrly.dev/internal/lazyregexp"
)

// Kinds of what is a secret only when it looks random: random under a name that may mean a key, mixed under any.
const (
	random = "random"
	mixed  = "mixed"
)

var (
	// variable is a reference to a value that is kept elsewhere.
	variable = lazyregexp.New(`^\$\{?[A-Za-z_][\w.]*\}?$`)
	// call is how an expression of source code begins that calls a method of something.
	call = lazyregexp.New(`^[A-Za-z_$][\w$]*(?:\.[a-z][\w$]*)+\(`)
	// typeName is the type of a field or a parameter, where the name stands before it.
	typeName = lazyregexp.New(`^(?:Option(?:al)?\[)?(?:String|Text|CharSequence|char\[|bytes?|str|Secret|Any|Nothing)\]?\)?\??[,)]*$`)
)

// harmless reports whether a matched value is no secret: a mask, a keyword, a reference, prose after "basic", or a word
// where only random text is a secret.
func harmless(kind, value string) bool {
	if strings.Trim(value, "*") == "" || variable.MatchString(value) {
		return true
	}
	switch strings.ToLower(strings.TrimRight(value, "),;")) {
	case "null", "nil", "none", "true", "false":
		return true
	}
	switch kind {
	case "bearer":
		return !strings.ContainsAny(value, "0123456789")
	case "url":
		return strings.HasPrefix(value, "mailto:") || strings.HasPrefix(value, "class:")
	case random:
		return !strings.ContainsAny(value, "0123456789") || entropy(value) < minEntropy
	case mixed:
		return !isMixed(value)
	}
	return false
}

// scope is what follows the name of a type in C++, and in a reference to a method of Java.
var scope = lazyregexp.New(`^:[A-Za-z_~][\w:<>~$]*(?:[(),.;]|$)`)

// isCode reports that what follows a name is source code: "Type::method", a call whose result the name gets, a type.
func isCode(name, value string) bool {
	simple := name[strings.LastIndexByte(name, '.')+1:]
	camel := strings.ToLower(simple) != simple && strings.ToUpper(simple) != simple
	return camel && scope.MatchString(value) || typeName.MatchString(value) ||
		!strings.ContainsAny(name, ".-") && call.MatchString(value)
}

// minEntropy in bits a character is more than that of words, and less than that of random hexadecimal digits.
const minEntropy = 3.2

// entropy returns the Shannon entropy of the characters of s in bits.
func entropy(s string) float64 {
	counts := map[rune]int{}
	n := 0
	for _, r := range s {
		counts[r]++
		n++
	}
	sum := 0.0
	for _, c := range counts {
		p := float64(c) / float64(n)
		sum -= p * math.Log2(p)
	}
	return sum
}

// secretOfAWS is the length of a secret access key of AWS.
const secretOfAWS = 40

// minChanges is the share of neighbors that are of different sorts (capital, small, digit) from which a text was drawn by
// chance: in base64 it is 0.65, in names of camel case 0.3.
const (
	minChanges = 0.45
	minCamel   = 0.3
)

// isMixed reports that a text looks like base64 of something random. The ids of jobs and checksums, which are
// hexadecimal, do not.
func isMixed(s string) bool {
	sort := func(r rune) int {
		switch {
		case unicode.IsUpper(r):
			return 1
		case unicode.IsLower(r):
			return 2
		case unicode.IsDigit(r):
			return 3
		}
		return 0
	}
	var have [4]int
	changes, last := 0, 0
	for _, r := range s {
		now := sort(r)
		have[now]++
		if now == 0 {
			continue
		}
		if last != 0 && now != last {
			changes++
		}
		last = now
	}
	if have[1] < 2 || have[2] < 2 || have[3] < 1 || have[0]*6 > len(s) {
		return false
	}
	letters := have[1] + have[2] + have[3]
	least := minChanges
	if strings.HasSuffix(s, "=") || len(s) == secretOfAWS && strings.ContainsAny(s[1:], "/+") {
		least = minCamel // its form tells already
	}
	return float64(changes) >= least*float64(letters)
}
