// Package strictyaml reads a YAML document that people write, field by field, and tells every mistake at once: each with
// its line, the path of the field, and what was expected there. It knows no format of its own; the caller says which
// fields there are.
//
// Anchors, aliases and merge keys are refused: a few lines of them can mean gigabytes.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Problem is one mistake in a document.
type Problem struct {
	Line  int    `json:"line"`            // 1 is the first; 0 is unknown
	Field string `json:"field,omitempty"` // path such as policies[0].on.schedule.cron
	Text  string `json:"text"`            // what was expected
}

// Error implements error; it is one line for people.
func (p Problem) Error() string {
	text := p.Text
	if p.Field != "" {
		text = p.Field + ": " + text
	}
	if p.Line > 0 {
		text = fmt.Sprintf("line %d: %s", p.Line, text)
	}
	return text
}

// Problems are the mistakes of one document, in the order of their lines.
type Problems []Problem

// Error implements error; it is one line for each mistake.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, each := range p {
		lines[i] = each.Error()
	}
	return strings.Join(lines, "\n")
}

// Value is a value of a document, with the path that leads to it.
type Value struct {
	node *yaml.Node
	path string
	doc  *document
}

// document is what all values of one share.
type document struct {
	problems Problems
	secret   bool // messages repeat nothing that stands in it
}

// maxProblems is how many mistakes are told; a file of another kind has one in each line.
const maxProblems = 50

// Read hands the top of a document to fn, which reads it. The error is [Problems].
func Read(b []byte, fn func(Value)) error { return read(b, &document{}, fn) }

// ReadSecret is [Read] for a document beside which secrets stand, so that one may be in it by mistake: no message of this
// package repeats a value, or a name where a field is expected that does not look like one.
func ReadSecret(b []byte, fn func(Value)) error { return read(b, &document{secret: true}, fn) }

func read(b []byte, doc *document, fn func(Value)) error {
	d := yaml.NewDecoder(bytes.NewReader(b))
	var top, more yaml.Node
	switch err := d.Decode(&top); {
	case errors.Is(err, io.EOF):
		return Problems{{Line: 1, Text: "the document is empty"}}
	case err != nil:
		return Problems{doc.syntax(err)}
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return Problems{{Line: max(more.Line, 1), Text: "expected one document, and there is a second one"}}
	}
	if n := firstAlias(&top); n != nil {
		return Problems{{Line: n.Line, Text: "anchors and aliases (& and *) are not supported"}}
	}
	fn(Value{node: top.Content[0], doc: doc})
	all := doc.problems
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b Problem) int { return a.Line - b.Line })
	if over := len(all) - maxProblems; over > 0 {
		all = append(all[:maxProblems], Problem{Line: all[maxProblems].Line, Text: fmt.Sprintf("and %d more from here on", over)})
	}
	return all
}

func firstAlias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return n
	}
	for _, c := range n.Content {
		if found := firstAlias(c); found != nil {
			return found
		}
	}
	return nil
}

var (
	saysLine   = regexp.MustCompile(`^line (\d+): `)
	saysQuoted = regexp.MustCompile("'[^']*'|\"[^\"]*\"|`[^`]*`")
)

// syntax is what the YAML library says, which names the line in its text.
func (d *document) syntax(err error) Problem {
	p := Problem{Line: 1, Text: strings.TrimPrefix(err.Error(), "yaml: ")}
	if m := saysLine.FindStringSubmatch(p.Text); m != nil {
		p.Line, _ = strconv.Atoi(m[1]) // digits only
		p.Text = p.Text[len(m[0]):]
	}
	if d.secret {
		p.Text = saysQuoted.ReplaceAllString(p.Text, "…")
	}
	p.Text = "not YAML: " + p.Text
	return p
}

// Wrong tells that a value is not what was expected.
func (v Value) Wrong(format string, args ...any) {
	v.doc.problems = append(v.doc.problems, Problem{Line: v.node.Line, Field: v.path, Text: fmt.Sprintf(format, args...)})
}

// Add tells a mistake that was found elsewhere.
func (v Value) Add(p Problem) { v.doc.problems = append(v.doc.problems, p) }

// Mistakes is how many were told so far, in the whole document.
func (v Value) Mistakes() int { return len(v.doc.problems) }

// Line is where the value begins.
func (v Value) Line() int { return v.node.Line }

// Path is the path of the field, such as policies[0].name.
func (v Value) Path() string { return v.path }
