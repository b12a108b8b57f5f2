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
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Problem is one mistake in a document.
type Problem struct {
	Line  int    `json:"line"`            // 1 is the first; 0 is unknown
	Field string `json:"field,omitempty"` // path such as policies[0].on.schedule.cron
	Text  string `json:"text"`            // what was expected
}

// String is one line for people.
func (p Problem) String() string {
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
		lines[i] = each.String()
	}
	return strings.Join(lines, "\n")
}

// Value is a value of a document, with the path that leads to it.
type Value struct {
	node *yaml.Node
	path string
	all  *Problems
}

// maxProblems is how many mistakes are told; a file of another kind has one in each line.
const maxProblems = 50

// Read hands the top of a document to fn, which reads it. The error is [Problems].
func Read(b []byte, fn func(Value)) error {
	d := yaml.NewDecoder(bytes.NewReader(b))
	var doc, more yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return Problems{{Line: 1, Text: "the document is empty"}}
	case err != nil:
		return Problems{{Text: strings.TrimPrefix(err.Error(), "yaml: ")}} // it names the line
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return Problems{{Line: more.Line, Text: "expected one document, and there is a second one"}}
	}
	if n := firstAlias(&doc); n != nil {
		return Problems{{Line: n.Line, Text: "anchors and aliases (& and *) are not supported"}}
	}
	all := Problems{}
	fn(Value{node: doc.Content[0], all: &all})
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b Problem) int { return a.Line - b.Line })
	if over := len(all) - maxProblems; over > 0 {
		all = append(all[:maxProblems], Problem{Text: fmt.Sprintf("and %d more", over)})
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

// Wrong tells that a value is not what was expected.
func (v Value) Wrong(format string, args ...any) {
	*v.all = append(*v.all, Problem{Line: v.node.Line, Field: v.path, Text: fmt.Sprintf(format, args...)})
}

// Line is where the value begins.
func (v Value) Line() int { return v.node.Line }
