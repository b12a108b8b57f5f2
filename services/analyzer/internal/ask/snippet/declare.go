package snippet

import (
	"slices"
	"strings"
)

// maxHead bounds the tokens between the parameters of a method and its body.
const maxHead = 200

// notTypes are words before a name and a parenthesis that are not its type.
var notTypes = []string{"new", "return", "throw", "record", "else", "case", "assert", "yield"}

// formed adds the method of Java whose name is token i, if it is one: type name(parameters) throws … {.
func (p *parser) formed(i int) {
	_, class := p.class()
	name, before := p.at(i).text, p.at(i-1)
	constructor := name == class
	switch {
	case slices.Contains(notTypes, before.text):
		return
	case !constructor && !before.word() && before.text != ">" && before.text != "]":
		return
	case before.text == "=" || before.text == "@":
		return
	}
	body := p.body(i + 1)
	if body < 0 {
		return
	}
	if constructor {
		name = "<init>"
	}
	p.add(name, p.line(p.at(p.start(i)).pos), p.line(p.at(p.match[body]).pos))
}

// body returns the brace after the parameters that open at a token, or -1 when the method has none.
func (p *parser) body(paren int) int {
	i := p.match[paren]
	if i < 0 {
		return -1
	}
	for end := i + maxHead; i < end; i++ {
		switch t := p.at(i + 1); {
		case t.text == "{" && p.match[i+1] > 0:
			return i + 1
		case t.text == "" || !t.word() && !strings.Contains(".,<>@[]?&", t.text):
			return -1
		}
	}
	return -1
}

// start returns the first token of the declaration around token i: its annotations and modifiers.
func (p *parser) start(i int) int {
	for i > 0 {
		switch before := p.at(i - 1).text; {
		case before == ")" && p.match[i-1] >= 0:
			i = p.match[i-1]
		case before == ";" || before == "{" || before == "}" || before == "(" || before == ")":
			return i
		default:
			i--
		}
	}
	return i
}

// declared adds the function of Scala or Kotlin whose keyword is token i.
func (p *parser) declared(i int) {
	i++
	name := ""
	for ; ; i++ { // type parameters and a receiver may stand before the name
		switch t := p.at(i); {
		case t.text == "<":
			i = p.angle(i)
			continue
		case t.word():
			name = strings.TrimPrefix(t.text, "_")
			if t.pos < len(p.code) && p.code[t.pos] != '`' {
				name = t.text
			}
			continue
		case t.text == "." || t.text == "?":
			continue
		}
		break
	}
	if name == "" {
		return
	}
	first := p.line(p.at(i - 1).pos)
	if last := p.ends(i, first); last >= first {
		p.add(name, p.annotated(first), last)
	}
}

// angle returns the token that closes the type parameters at token i.
func (p *parser) angle(i int) int {
	depth := 0
	for end := min(i+maxHead, len(p.tokens)); i < end; i++ {
		switch p.at(i).text {
		case "<":
			depth++
		case ">":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return i
}

// stops are words that begin the next member, so that the one before has no body.
var stops = []string{"def", "fun", "val", "var", "class", "object", "trait", "type", "override", "import"}

// ends returns the last line of the body that begins after token i, or 0 when there is none.
func (p *parser) ends(i, first int) int {
	for end := i + maxHead; i < end; i++ {
		switch t := p.at(i); {
		case t.text == "(" || t.text == "[":
			if p.match[i] < 0 {
				return 0
			}
			i = p.match[i]
		case t.text == "{" && p.match[i] > 0:
			return p.line(p.at(p.match[i]).pos)
		case t.text == "=" && p.at(i+1).text == "{" && p.match[i+1] > 0:
			return max(p.line(p.at(p.match[i+1]).pos), p.deeper(first))
		case t.text == "=":
			return p.deeper(first)
		case t.text == "" || t.text == "}" || t.text == ";" || t.text == "{", slices.Contains(stops, t.text):
			return 0
		}
	}
	return 0
}

// text returns a line of the code.
func (p *parser) text(line int) string {
	end := len(p.code)
	if line < len(p.lines) {
		end = p.lines[line] - 1
	}
	return p.code[p.lines[line-1]:end]
}

// deeper returns the last line after the first one that is indented deeper, or that closes what the first line opens.
func (p *parser) deeper(first int) int {
	depth, last := indent(p.text(first)), first
	for n := first + 1; n <= len(p.lines); n++ {
		line := strings.TrimSpace(p.text(n))
		if line == "" {
			continue
		}
		if d := indent(p.text(n)); d < depth || d == depth && !strings.Contains(")]}.", line[:1]) {
			break
		}
		last = n
	}
	return last
}

// annotated returns the first of the lines with annotations right above a line.
func (p *parser) annotated(line int) int {
	for line > 1 && strings.HasPrefix(strings.TrimSpace(p.text(line-1)), "@") {
		line--
	}
	return line
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }
