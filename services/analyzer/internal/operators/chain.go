package operators

import (
	"regexp"
	"strings"
)

// Node is one operator of a vertex.
type Node struct {
	Name   string // as in the plan: "Calc[5]", "Source: orders", "Sink: Writer"
	Base   string // without number and arguments: "Calc", "orders"
	Parent int    // the operator before it in the chain; -1 is the first one
	kinds  []int  // rows of the table whose plan names fit; empty: a name that somebody chose
	source bool   // it begins a vertex without inputs
	sink   bool
	writer bool
}

// parseChain splits the name of a vertex into its operators as Flink joins them: "A -> B -> (C, D -> E)". A parent
// stands before its children.
func parseChain(name string) []Node {
	name = strings.TrimSpace(vertexPrefix.ReplaceAllString(name, ""))
	var nodes []Node
	chain(name, -1, &nodes)
	return nodes
}

// vertexPrefix is what pipeline.vertex-name-include-index-prefix puts before a name.
var vertexPrefix = regexp.MustCompile(`^\[vertex-\d+\]`)

func chain(text string, parent int, nodes *[]Node) {
	head, rest, more := cutTop(text, " -> ")
	if inner, ok := strings.CutPrefix(head, "("); ok && !more && strings.HasSuffix(inner, ")") && parent >= 0 {
		for part, left := "", inner[:len(inner)-1]; left != ""; {
			part, left, _ = cutTop(left, ", ")
			chain(part, parent, nodes)
		}
		return
	}
	*nodes = append(*nodes, node(head, parent))
	if more {
		chain(rest, len(*nodes)-1, nodes)
	}
}

// cutTop cuts at the first separator that is in no brackets. A name with brackets that do not match is not cut.
func cutTop(text, sep string) (before, after string, found bool) {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		}
		if depth == 0 && strings.HasPrefix(text[i:], sep) {
			return text[:i], text[i+len(sep):], true
		}
	}
	return text, "", false
}

func node(name string, parent int) Node {
	n := Node{Name: name, Parent: parent, Base: name}
	if base, ok := strings.CutPrefix(n.Base, "Source: "); ok {
		n.Base, n.source = base, parent < 0
	}
	if base, ok := strings.CutPrefix(n.Base, "Sink: "); ok {
		n.Base, n.sink = base, true
	}
	if base, ok := strings.CutSuffix(n.Base, ": Writer"); ok {
		n.Base, n.writer = base, true
	}
	n.Base = numbered.ReplaceAllString(n.Base, "")
	if cut := withArguments.FindStringSubmatch(n.Base); cut != nil {
		n.Base = cut[1]
	}
	if !n.source && !n.writer {
		n.kinds = nodeTable().named(n.Base, n.sink)
	}
	return n
}

// The ends of names that SQL gives: the number of the node, or what it does; the latter DataStream has as well.
var (
	numbered      = regexp.MustCompile(`\[\d+\]$`)
	withArguments = regexp.MustCompile(`^([A-Za-z]+)\(.*\)$`)
)
