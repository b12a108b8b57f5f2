package prompt

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
)

// Limits of the Markdown of the user.
const (
	MaxTemplateBytes = 64 << 10
	maxUses          = 50 // of variables, since each may be a large block
)

// Variables are the names that the Markdown of the user may use, as in {{ .Profile }}. Each is a block of fenced data,
// and empty when there is none. What the Markdown does not use follows at its end.
//
//	Job         name, id and version, the verdict, and what was captured
//	Graph       the plan: vertices with how each spent its time, edges, operators with their shares, windows
//	Profile     findings of the rules, what they silence, what is possible beside them, call trees, and numbered facts
//	Metrics     numbered facts of the metrics, checkpoints and TaskManagers too, and recent exceptions
//	Comparison  what changed since the baseline run
//	Settings    the configuration that bears on performance, and the keys that a change may name
//	Context     of the user's context files, the methods that the profile names, and the files that are not code
//
// The function metric gives one number: {{ metric "vertex" "name" }}, where vertex is an id or a name, and name is one
// of Metrics. It prints unknown when the vertex or its number is not known.
var Variables = []string{"Job", "Graph", "Profile", "Metrics", "Comparison", "Settings", "Context"}

// functions may be called by the Markdown of the user.
var functions = []string{"metric", "and", "or", "not", "eq", "ne"}

// Template is the checked Markdown of a user.
type Template struct {
	text   string
	parsed *template.Template
	static bool // holds no action, so that it can stand before all data
}

// Default returns the template of DefaultText.
func Default() *Template {
	t, err := Parse(defaultText)
	if err != nil {
		panic("prompt: default.md: " + err.Error())
	}
	return t
}

// Parse checks the Markdown of a user. An unknown variable, function or metric, and an action that could run without
// end, is an error that names its line.
func Parse(text string) (*Template, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("prompt is empty")
	}
	if len(text) > MaxTemplateBytes {
		return nil, fmt.Errorf("prompt has %d bytes, at most %d are allowed", len(text), MaxTemplateBytes)
	}
	metric := func(string, string) string { return "" }
	parsed, err := template.New("prompt").Funcs(template.FuncMap{"metric": metric}).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("parse prompt: %w", err)
	}
	if parsed.Tree == nil || parsed.Root == nil || len(parsed.Templates()) > 1 {
		return nil, errors.New("parse prompt: define and block are not allowed")
	}
	c := checker{tree: parsed.Tree, static: true}
	if err := c.list(parsed.Root); err != nil {
		return nil, fmt.Errorf("check prompt: %w", err)
	}
	return &Template{text: text, parsed: parsed, static: c.static}, nil
}

// Text returns the Markdown as it was given.
func (t *Template) Text() string { return t.text }

// render fills in the data.
func (t *Template) render(in Input, blocks map[string]string) (string, error) {
	parsed, err := t.parsed.Clone()
	if err != nil {
		return "", fmt.Errorf("clone prompt: %w", err)
	}
	var out strings.Builder
	if err := parsed.Funcs(template.FuncMap{"metric": metric(in.Analysis)}).Execute(&out, blocks); err != nil {
		return "", fmt.Errorf("render prompt: %w", err)
	}
	return out.String(), nil
}

// checker walks over the nodes of a template.
type checker struct {
	tree   *parse.Tree
	static bool
	uses   int
}

func (c *checker) list(list *parse.ListNode) error {
	if list == nil {
		return nil
	}
	for _, n := range list.Nodes {
		if err := c.node(n); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) node(n parse.Node) error {
	switch n := n.(type) {
	case *parse.TextNode, *parse.CommentNode:
		return nil
	case *parse.ActionNode:
		c.static = false
		return c.pipe(n.Pipe)
	case *parse.IfNode:
		c.static = false
		return errors.Join(c.pipe(n.Pipe), c.list(n.List), c.list(n.ElseList))
	default:
		return c.refuse(n, "only variables, metric and if are allowed, not "+n.String())
	}
}

func (c *checker) pipe(p *parse.PipeNode) error {
	if len(p.Decl) > 0 {
		return c.refuse(p, "variables cannot be declared")
	}
	for _, cmd := range p.Cmds {
		for _, arg := range cmd.Args {
			if err := c.operand(arg); err != nil {
				return err
			}
		}
		if err := c.metric(cmd); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) operand(n parse.Node) error {
	switch n := n.(type) {
	case *parse.StringNode, *parse.BoolNode, *parse.NumberNode:
		return nil
	case *parse.PipeNode:
		return c.pipe(n)
	case *parse.FieldNode:
		if len(n.Ident) != 1 || !slices.Contains(Variables, n.Ident[0]) {
			return c.refuse(n, fmt.Sprintf("unknown variable %s; there are .%s", n, strings.Join(Variables, ", .")))
		}
		if c.uses++; c.uses > maxUses {
			return c.refuse(n, fmt.Sprintf("variables are used more than %d times", maxUses))
		}
		return nil
	case *parse.IdentifierNode:
		if !slices.Contains(functions, n.Ident) {
			return c.refuse(n, fmt.Sprintf("unknown function %s; there are %s", n.Ident, strings.Join(functions, ", ")))
		}
		return nil
	default:
		return c.refuse(n, n.String()+" is not allowed")
	}
}

// metric checks the arguments of a call of metric as far as they are constant.
func (c *checker) metric(cmd *parse.CommandNode) error {
	fn, ok := cmd.Args[0].(*parse.IdentifierNode)
	if !ok || fn.Ident != "metric" {
		return nil
	}
	if len(cmd.Args) != 3 {
		return c.refuse(cmd, `metric takes a vertex and a name: {{ metric "vertex" "busy" }}`)
	}
	name, ok := cmd.Args[2].(*parse.StringNode)
	if !ok || !slices.Contains(Metrics, name.Text) {
		return c.refuse(cmd, fmt.Sprintf("unknown metric %s; there are %s", cmd.Args[2], strings.Join(Metrics, ", ")))
	}
	return nil
}

func (c *checker) refuse(n parse.Node, why string) error {
	location, _ := c.tree.ErrorContext(n)
	return fmt.Errorf("%s: %s", location, why)
}
