package check

import (
	"strings"
	"unicode"

	"squirrly.dev/internal/lazyregexp"
)

// boundary is where a sentence ends: at the end of a line, or at a mark with a blank behind it.
var boundary = lazyregexp.New(`[.!?;]+["')]*(?:\s+|$)|\n+`)

// abbreviation at the end means that the sentence goes on.
var abbreviation = lazyregexp.New(`(?i)(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|approx|resp|no|incl)\.\s*$`)

// sentences splits a text after it was made plain.
func sentences(text string) []string {
	text = clean(text)
	var out []string
	start := 0
	for _, m := range boundary.FindAllStringIndex(text, -1) {
		if abbreviation.MatchString(text[start:m[1]]) {
			continue
		}
		if s := strings.TrimSpace(text[start:m[1]]); s != "" {
			out = append(out, s)
		}
		start = m[1]
	}
	if s := strings.TrimSpace(text[start:]); s != "" {
		out = append(out, s)
	}
	return out
}

// clean removes what plain text has no use for: control characters, invisible ones, code marks and tags.
func clean(text string) string {
	text = escapes.ReplaceAllString(text, " ")
	text = spaced.ReplaceAllString(text, "$1,$2")
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '`', unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
			return -1
		case unicode.IsControl(r), unicode.IsSpace(r):
			return ' '
		}
		return r
	}, text)
	return tag.ReplaceAllString(text, " ")
}

var (
	// escapes are what a terminal obeys, whole.
	escapes = lazyregexp.New("(?:\x1b\\[|\u009b)[0-?]*[ -/]*[@-~]|\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|\x1b.?")
	// spaced are thousands that a narrow space separates.
	spaced = lazyregexp.New(`(\d)[\x{a0}\x{202f}\x{2009}](\d{3})`)
)

// tag is HTML; the names of constructors and static initialisers stay.
var tag = lazyregexp.New(`(?i)</?(?:a|b|i|p|br|img|div|span|script|style|iframe|svg|object|embed|form|input|h\d|code|pre|ul|ol|li|table)\b[^>]*>|<!--`)

// finish closes a sentence with a full stop.
func finish(s string) string {
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?") {
		return s
	}
	return strings.TrimRight(s, ";,: ") + "."
}
