package pseudonym

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"squirrly.dev/internal/wording"
)

// word is what a name of Java may consist of.
const word = `[\p{L}_$][\p{L}\p{N}_$]*`

// qualified is a class with its package, and perhaps a method: even when it was not learned it is a name of the user's.
var qualified = regexp.MustCompile(
	`((?:` + word + `[./])+\p{Lu}[\p{L}\p{N}_$]*)(\.(?:` + word + `|<init>|<clinit>))?`)

// native is the function behind a native method: its name holds that of the class.
var native = regexp.MustCompile(`\bJava_\w+`)

// Text returns s with every name of the user's masked: what was learned, and what looks like a class with a package.
func (m *Map) Text(s string) string {
	for _, found := range qualified.FindAllStringSubmatch(s, -1) {
		class := strings.ReplaceAll(found[1], "/", ".")
		outer, _, _ := strings.Cut(class, "$")
		if wording.Library(class) || m.real[outer] != "" {
			continue
		}
		masked := m.class(class)
		if found[2] != "" {
			masked = m.Frame(class + found[2])
		}
		m.alias(found[0], masked)
	}
	for _, name := range native.FindAllString(s, -1) {
		m.native(name)
	}
	m.index()
	var out strings.Builder
	before := ' '
	for at := 0; at < len(s); {
		if name := m.nameAt(s[at:], before); name != "" {
			out.WriteString(m.masks[name])
			before, _ = utf8.DecodeLastRuneInString(name)
			at += len(name)
			continue
		}
		r, n := utf8.DecodeRuneInString(s[at:])
		out.WriteString(s[at : at+n])
		before = r
		at += n
	}
	return out.String()
}

// nameAt returns the longest learned name at the start of s that is not a part of a longer word.
func (m *Map) nameAt(s string, before rune) string {
	if inWord(before) || before == '$' || before == '.' {
		return ""
	}
	for _, name := range m.starts[s[0]] {
		if !strings.HasPrefix(s, name) {
			continue
		}
		last, _ := utf8.DecodeLastRuneInString(name)
		if next, _ := utf8.DecodeRuneInString(s[len(name):]); !inWord(last) || !inWord(next) {
			return name
		}
	}
	return ""
}

func inWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// masks are what Unmask puts back, if this Map has them.
var masks = regexp.MustCompile(`\bu\d+(?:\.C\d+(?:\.m\d+)?)?\b|\bC\d+\.m\d+\b|\b[a-z]+\d+\b`)

// Unmask returns s with the real names in place of the masks. What is no mask of this Map stays.
func (m *Map) Unmask(s string) string {
	return masks.ReplaceAllStringFunc(s, func(name string) string {
		if real, ok := m.real[name]; ok {
			return real
		}
		return name
	})
}
