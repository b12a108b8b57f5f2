package snippet

import (
	"slices"
	"strings"
)

// token is an identifier, or one character of another kind.
type token struct {
	text string
	pos  int
}

func (t token) word() bool { return t.text != "" && isWord(t.text[0]) }

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

// maxQuoted bounds a name between backticks in bytes.
const maxQuoted = 200

// tokens splits blanked code. A name between backticks is one word; "=>" and "->" are one token each.
func tokens(code string) []token {
	var out []token
	for i := 0; i < len(code); {
		n := 1
		switch c := code[i]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			i++
			continue
		case c == '`':
			rest := code[i+1 : min(len(code), i+1+maxQuoted)]
			if end := strings.IndexByte(rest[:lineEnd(rest)], '`'); end > 0 {
				out = append(out, token{"_" + code[i+1:i+1+end], i}) // the first byte makes it a word
				i += end + 2
				continue
			}
		case isWord(c):
			for i+n < len(code) && isWord(code[i+n]) {
				n++
			}
		case (c == '=' || c == '-') && strings.HasPrefix(code[i+1:], ">"):
			n = 2
		}
		out = append(out, token{code[i : i+n], i})
		i += n
	}
	return out
}

// scope is what an open brace belongs to.
type scope struct {
	class bool
	name  string // of the class; empty for one without a name
}

type parser struct {
	lang    language
	code    string
	tokens  []token
	match   []int // index of the other bracket, or -1
	lines   []int // where each line starts
	scopes  []scope
	parens  int    // open parentheses in the innermost scope
	open    []int  // parens of the outer scopes
	pending string // class whose body is to come
	found   []Method
}

func newParser(code string, lang language) *parser {
	p := &parser{lang: lang, code: code, tokens: tokens(code), lines: []int{0}}
	for i := range len(code) {
		if code[i] == '\n' {
			p.lines = append(p.lines, i+1)
		}
	}
	p.match = matching(p.tokens)
	return p
}

// matching pairs brackets of the same kind; those that cross another kind stay alone.
func matching(tokens []token) []int {
	out := make([]int, len(tokens))
	var open []int
	for i, t := range tokens {
		out[i] = -1
		switch t.text {
		case "(", "[", "{":
			open = append(open, i)
		case ")", "]", "}":
			want := map[string]string{")": "(", "]": "[", "}": "{"}[t.text]
			if n := len(open); n > 0 && tokens[open[n-1]].text == want {
				out[i], out[open[n-1]] = open[n-1], i
				open = open[:n-1]
			}
		}
	}
	return out
}

// at returns the token at an index, or an empty one.
func (p *parser) at(i int) token {
	if i < 0 || i >= len(p.tokens) {
		return token{}
	}
	return p.tokens[i]
}

// line returns the number of the line of a byte, counted from 1.
func (p *parser) line(pos int) int {
	i, found := slices.BinarySearch(p.lines, pos)
	if found {
		return i + 1
	}
	return i
}

func (p *parser) parse() []Method {
	pkg := p.packageName()
	for i, t := range p.tokens {
		switch {
		case t.text == "(":
			p.parens++
		case t.text == ")":
			p.parens = max(p.parens-1, 0)
		case t.text == "{":
			p.enter(i)
		case t.text == "}":
			p.leave()
		case t.text == ";":
			p.pending = ""
		case t.word():
			p.name(i)
		}
	}
	for i := range p.found {
		p.found[i].Package = pkg
	}
	return p.found
}

// packageName reads "package a.b.c", which Scala may give in parts.
func (p *parser) packageName() string {
	var parts []string
	for i := 0; p.at(i).text == "package" && p.at(i+1).word() && p.at(i+1).text != "object"; {
		line := p.line(p.at(i).pos)
		for i++; p.at(i).text != "" && p.line(p.at(i).pos) == line && (p.at(i).word() || p.at(i).text == "."); i++ {
			if p.at(i).word() {
				parts = append(parts, p.at(i).text)
			}
		}
		if p.at(i).text == ";" {
			i++
		}
	}
	return strings.Join(parts, ".")
}

func (p *parser) enter(i int) {
	s := scope{class: p.pending != "" || p.anonymous(i), name: p.pending}
	p.pending = ""
	p.scopes = append(p.scopes, s)
	p.open = append(p.open, p.parens)
	p.parens = 0
}

func (p *parser) leave() {
	if n := len(p.scopes); n > 0 {
		p.scopes, p.parens, p.open = p.scopes[:n-1], p.open[n-1], p.open[:n-1]
	}
	p.pending = ""
}

// anonymous reports whether the brace opens the body of a class without a name: new Type<…>(…) {.
func (p *parser) anonymous(brace int) bool {
	if p.at(brace-1).text != ")" || p.match[brace-1] < 0 {
		return false
	}
	i := p.match[brace-1] - 1
	for depth, end := 0, i-maxHead; i > end; i-- {
		switch t := p.at(i); {
		case t.text == ">":
			depth++
		case t.text == "<":
			depth--
		case t.text == "new":
			return true
		case depth > 0, t.text == ".", t.word():
		default:
			return false
		}
	}
	return false
}

// kinds are the words before the name of a class.
var kinds = []string{"class", "interface", "enum", "record", "object", "trait"}

// name handles a word: the start of a class or of a method.
func (p *parser) name(i int) {
	t, before, next := p.at(i), p.at(i-1).text, p.at(i+1)
	switch {
	case before == "." || before == ":" && p.at(i-2).text == ":": // Name.class, Name::class
	case slices.Contains(kinds, t.text) && next.word() && !slices.Contains(kinds, next.text):
		p.pending = next.text
	case t.text == "object" && before == "companion" && next.text == "{":
		p.pending = "Companion"
	case p.lang.keyword != "" && t.text == p.lang.keyword:
		p.pending = ""
		p.declared(i)
	case p.lang.keyword == "" && next.text == "(" && p.inClass() && p.parens == 0:
		p.formed(i)
	}
}

func (p *parser) inClass() bool { return len(p.scopes) > 0 && p.scopes[len(p.scopes)-1].class }

// class returns the names of the classes around, and that of the innermost.
func (p *parser) class() (path, last string) {
	var names []string
	for _, s := range p.scopes {
		if s.class && s.name != "" {
			names = append(names, s.name)
			last = s.name
		}
	}
	return strings.Join(names, "$"), last
}

func (p *parser) add(name string, from, to int) {
	class, _ := p.class()
	p.found = append(p.found, Method{Class: class, Name: name, From: from, To: to})
}
