// Package snippet finds methods in source text: it says which lines of a Java, Scala, Kotlin or Python file hold the
// methods that the frames of a profile name.
//
// It reads text that may be broken or hostile and compiles nothing: what it cannot tell apart it leaves out. It chooses
// by name alone, and knows no profile, no budget and no prompt.
package snippet

import (
	"path"
	"strings"
)

// Method is a method or function of a source file.
type Method struct {
	Package string // empty when the file names none
	Class   string // classes around it, outermost first, joined by $; empty for a function outside of classes
	Name    string // <init> for a constructor of Java
	From    int    // first line, counted from 1; annotations belong to it
	To      int    // last line
	file    string // name without folder and extension
}

// language is what the lexer and the parser have to know about one.
type language struct {
	keyword  string // that declares a function; empty when a declaration is told by its form
	nested   bool   // comments nest
	template bool   // strings may hold ${code}
	indented bool   // blocks are told by indentation
}

var languages = map[string]language{
	".java":  {},
	".scala": {keyword: "def", nested: true, template: true},
	".kt":    {keyword: "fun", nested: true, template: true},
	".py":    {keyword: "def", indented: true},
}

// Source reports whether the name is that of a source file in a language that Methods reads.
func Source(name string) bool {
	_, ok := languages[strings.ToLower(path.Ext(name))]
	return ok
}

// Methods returns the methods with a body in the order of the text. For other files than those of Source there are none.
func Methods(name, text string) []Method {
	ext := path.Ext(name)
	lang, ok := languages[strings.ToLower(ext)]
	if !ok {
		return nil
	}
	file := strings.TrimSuffix(path.Base(name), ext)
	plain := blank(text, lang)
	var found []Method
	if lang.indented {
		found = indented(plain)
	} else {
		found = newParser(plain, lang).parse()
	}
	for i := range found {
		found[i].file = file
	}
	return found
}

// Text returns the lines of the method from the text that Methods was given.
func (m Method) Text(text string) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[m.From-1:min(m.To, len(lines))], "\n")
}
