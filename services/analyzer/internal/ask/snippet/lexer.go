package snippet

import "strings"

// blank returns the text with comments and the insides of strings erased, so that braces and keywords in them cannot be
// mistaken for code. Lengths and lines stay as they are.
func blank(text string, lang language) string {
	l := lexer{text: text, lang: lang, out: []byte(text)}
	for l.at < len(text) {
		l.step()
	}
	return string(l.out)
}

type lexer struct {
	text  string
	lang  language
	out   []byte
	at    int
	holes []hole // ${code} in strings, innermost last
}

// hole is code within a string.
type hole struct {
	quote string
	depth int // open braces
}

// step consumes one piece of code.
func (l *lexer) step() {
	rest := l.text[l.at:]
	switch {
	case l.lang.indented && rest[0] == '#', !l.lang.indented && strings.HasPrefix(rest, "//"):
		l.erase(lineEnd(rest))
	case !l.lang.indented && strings.HasPrefix(rest, "/*"):
		l.erase(l.comment(rest))
	case rest[0] == '"', rest[0] == '\'' && l.lang.indented:
		quote := rest[:1]
		if strings.HasPrefix(rest, strings.Repeat(quote, 3)) {
			quote = rest[:3]
		}
		l.at += len(quote)
		l.inString(quote)
	case rest[0] == '\'':
		l.erase(character(rest))
	default:
		l.code(rest[0])
	}
}

// code consumes one byte, and leaves a hole at its last brace.
func (l *lexer) code(c byte) {
	l.at++
	if len(l.holes) == 0 {
		return
	}
	h := &l.holes[len(l.holes)-1]
	switch c {
	case '{':
		h.depth++
	case '}':
		if h.depth--; h.depth == 0 {
			quote := h.quote
			l.holes = l.holes[:len(l.holes)-1]
			l.inString(quote)
		}
	}
}

// inString erases what follows up to and with the closing quote, or up to a hole.
func (l *lexer) inString(quote string) {
	from := l.at
	end := len(l.text)
	for i := from; i < len(l.text); i++ {
		switch {
		case l.text[i] == '\\' && (len(quote) == 1 || !l.lang.template):
			i++
		case strings.HasPrefix(l.text[i:], quote):
			l.fill(i + len(quote) - from)
			return
		case l.text[i] == '\n' && len(quote) == 1:
			l.fill(i - from) // not closed in its line: the text is broken, go on
			return
		case l.lang.template && strings.HasPrefix(l.text[i:], "${"):
			l.fill(i + 1 - from)
			l.holes = append(l.holes, hole{quote: quote})
			return
		}
	}
	l.fill(end - from)
}

// comment returns the length of the comment at the start of s.
func (l *lexer) comment(s string) int {
	depth := 0
	for i := 0; i+1 < len(s); i++ {
		switch s[i : i+2] {
		case "/*":
			if depth == 0 || l.lang.nested {
				depth++
			}
			i++
		case "*/":
			i++
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// erase puts spaces over the next n bytes.
func (l *lexer) erase(n int) { l.put(n, ' ') }

// fill erases the inside of a string. Where blocks are told by indentation, its lines must not look like the start of
// one that is less deep: a closing bracket is what may stand anywhere.
func (l *lexer) fill(n int) {
	if l.lang.indented {
		l.put(n, ')')
		return
	}
	l.put(n, ' ')
}

// put puts c over the next n bytes but for the ends of lines.
func (l *lexer) put(n int, c byte) {
	for i := l.at; i < l.at+n; i++ {
		if l.out[i] != '\n' {
			l.out[i] = c
		}
	}
	l.at += n
}

// maxCharacter is more bytes than a character literal has.
const maxCharacter = 16

// character returns the length of the character literal at the start of s, or 1 for an apostrophe that starts none, as in
// a symbol of Scala.
func character(s string) int {
	line := s[:min(len(s), maxCharacter)]
	line = line[:lineEnd(line)]
	if len(line) > 2 && line[1] == '\\' {
		if i := strings.IndexByte(line[3:], '\''); i >= 0 && i < 8 {
			return i + 4
		}
		return 1
	}
	if i := strings.IndexByte(line[1:], '\''); i > 0 && i <= 4 && len([]rune(line[1:i+1])) == 1 {
		return i + 2
	}
	return 1
}

func lineEnd(s string) int {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return i
	}
	return len(s)
}
