package prompt

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"squirrly.dev/internal/wording"
)

// Limits of hostile text in bytes.
const (
	maxName     = 160
	maxLabel    = 120
	maxSentence = 500
	maxLine     = 500 // of a context file
)

const (
	letters      = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	nameChars    = letters + "_$.<>/[]:-"
	labelChars   = nameChars + " (),=+@#*"
	sentenceChar = labelChars + "%;'\"!?&|~^`{}\\×÷±≥≤→·…–—°µ§"
)

// cleaner makes hostile text safe to put between fences with its nonce.
type cleaner struct {
	nonce string
}

// name cleans a frame or another identifier. The parameters of native functions are left out.
func (c cleaner) name(s string) string {
	if i := strings.IndexByte(s, '('); i > 0 {
		s = s[:i]
	}
	return c.clean(s, nameChars, maxName)
}

// frame cleans a frame as the map shows it.
func (c cleaner) frame(s string) string { return c.clean(wording.Frame(s), nameChars, maxName) }

// label cleans the name of a job, a vertex or a file.
func (c cleaner) label(s string) string { return c.clean(s, labelChars, maxLabel) }

// sentence cleans a line of text of our own that may embed hostile names.
func (c cleaner) sentence(s string) string {
	return c.clean(folders.ReplaceAllString(shorten(s, maxSentence*utf8.UTFMax), "$1"), sentenceChar, maxSentence)
}

// folders are those of a native library on the host: they tell nothing of the job.
var folders = regexp.MustCompile(`/(?:[^\s/]+/)+([^\s/]+\.so\b)`)

// clean keeps the allowed characters, puts ? for every other one, and caps the length.
func (c cleaner) clean(s, allowed string, limit int) string {
	s = shorten(s, limit*utf8.UTFMax)
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(allowed, r) {
			return r
		}
		return '?'
	}, s)
	return c.defuse(shorten(s, limit))
}

// text cleans the text of a file: lines stay lines of bounded length, control characters and invisible ones go.
func (c cleaner) text(s string) string {
	lines := strings.Split(printable(s), "\n")
	for i, line := range lines {
		lines[i] = c.defuse(shorten(line, maxLine))
	}
	return strings.Join(lines, "\n")
}

// printable replaces control characters and invisible ones but for the ends of lines and tabs.
func printable(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return '\n'
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), unicode.Is(unicode.Zl, r),
			unicode.Is(unicode.Zp, r):
			return '?'
		}
		return r
	}, s)
}

// defuse removes what could end a fence or open another one. The nonce is random, so that only text that was written
// after it was chosen could hold it.
func (c cleaner) defuse(s string) string {
	if c.nonce != "" {
		s = strings.ReplaceAll(s, c.nonce, "?")
	}
	s = strings.ReplaceAll(s, "<<<DATA", "???DATA")
	return strings.ReplaceAll(s, "<<<END", "???END")
}

// shorten cuts s at a character within the limit and marks the cut.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	const mark = "…"
	cut := limit - len(mark)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + mark
}
