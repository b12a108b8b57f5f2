package snippet

import (
	"regexp"
	"strings"
)

var definition = regexp.MustCompile(`^([ \t]*)(?:async[ \t]+)?(class|def)[ \t]+([A-Za-z_]\w*)`)

// block is an open class or function of Python.
type block struct {
	depth int
	class bool
	name  string
	at    int // index of the method, or -1
}

// indented returns the functions of Python code.
func indented(code string) []Method {
	var r outline
	for i, line := range strings.Split(code, "\n") {
		if trimmed := strings.TrimSpace(line); trimmed != "" {
			r.line(i+1, line, trimmed)
		}
	}
	return r.found
}

// outline is the reading of Python code so far.
type outline struct {
	found      []Method
	open       []block
	decorators int // lines with decorators right above
}

// line reads a line that is not empty.
func (r *outline) line(number int, line, trimmed string) {
	closes := strings.Contains(")]}", trimmed[:1])
	for n := len(r.open); n > 0 && r.open[n-1].depth >= indent(line) && !closes; n-- {
		r.open = r.open[:n-1]
	}
	for _, b := range r.open {
		if b.at >= 0 {
			r.found[b.at].To = number
		}
	}
	if m := definition.FindStringSubmatch(line); m != nil {
		b := block{depth: len(m[1]), class: m[2] == "class", name: m[3], at: -1}
		if !b.class {
			b.at = len(r.found)
			r.found = append(r.found, Method{Class: classes(r.open), Name: b.name, From: number - r.decorators, To: number})
		}
		r.open = append(r.open, b)
	}
	r.decorators++
	if !strings.HasPrefix(trimmed, "@") {
		r.decorators = 0
	}
}

func classes(open []block) string {
	var names []string
	for _, b := range open {
		if b.class {
			names = append(names, b.name)
		}
	}
	return strings.Join(names, "$")
}
