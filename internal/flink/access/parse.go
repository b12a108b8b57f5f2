package access

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

const (
	maxFile    = 1 << 20 // bytes of the YAML file
	maxEntries = 5000
)

// Parse reads the YAML file. Files that it names are relative to dir; they are not read. The error is a *[Problem], with
// the line.
func Parse(text []byte, dir string) ([]Entry, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, &Problem{Line: 1, Reason: "expected clusters: and a list"}
	case err != nil:
		return nil, syntax(err)
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, &Problem{Line: max(more.Line, 1), Reason: "expected one document"}
	}
	root := doc.Content[0]
	list, err := mapping(root, "", []string{"clusters"})
	if err != nil {
		return nil, err
	}
	clusters := list["clusters"]
	switch {
	case clusters == nil:
		return nil, &Problem{Line: root.Line, Reason: "expected clusters: and a list"}
	case clusters.Kind != yaml.SequenceNode:
		return nil, &Problem{Line: clusters.Line, Field: "clusters", Reason: "expected a list"}
	case len(clusters.Content) > maxEntries:
		return nil, &Problem{Line: clusters.Line, Field: "clusters", Reason: fmt.Sprintf("expected at most %d entries", maxEntries)}
	}
	entries := make([]Entry, 0, len(clusters.Content))
	for i, node := range clusters.Content {
		e, err := entry(node, "clusters["+strconv.Itoa(i)+"]")
		if err != nil {
			return nil, err
		}
		e.resolve(dir)
		entries = append(entries, e)
	}
	return entries, nil
}

// entry reads one element of the list.
func entry(node *yaml.Node, at string) (Entry, error) {
	e := Entry{field: at, lines: map[string]int{"": node.Line}}
	fields := e.fields()
	known := []string{"match"}
	for name := range fields {
		known = append(known, name)
	}
	values, err := mapping(node, at, known)
	if err != nil {
		return e, err
	}
	for name, value := range values {
		e.lines[name] = value.Line
		if name == "match" {
			if e.Match, err = patterns(value, at+".match"); err != nil {
				return e, err
			}
			continue
		}
		if *fields[name], err = text(value, at+"."+name); err != nil {
			return e, err
		}
	}
	if e.Name == "" && len(e.Match) > 0 {
		e.Name = e.Match[0]
	}
	return e, e.check()
}

// mapping reads a mapping with known keys, each once.
func mapping(node *yaml.Node, at string, known []string) (map[string]*yaml.Node, error) {
	if node.Kind != yaml.MappingNode {
		return nil, &Problem{Line: node.Line, Field: at, Reason: "expected fields: " + list(known)}
	}
	values := map[string]*yaml.Node{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		name := "this one"
		if speakable.MatchString(key.Value) {
			name = key.Value
		}
		path := strings.TrimPrefix(at+"."+name, ".")
		switch {
		case key.Kind != yaml.ScalarNode || !slices.Contains(known, key.Value):
			return nil, &Problem{Line: key.Line, Field: path, Reason: "there is no such field" + instead(key.Value, known)}
		case values[key.Value] != nil:
			return nil, &Problem{Line: key.Line, Field: path, Reason: "expected it once"}
		}
		values[key.Value] = value
	}
	return values, nil
}

// speakable is the name of a field, and no secret that stands in its place.
var speakable = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,30}$`)

// instead names the field that was meant, or all of them.
func instead(name string, known []string) string {
	bare := func(s string) string { return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(s)) }
	for _, k := range known {
		if bare(k) == bare(name) || bare(k) == bare(name)+"file" || bare(k)+"s" == bare(name) || bare(k)+"es" == bare(name) {
			if strings.HasSuffix(k, "File") && !strings.EqualFold(bare(k), bare(name)) {
				return ": secrets and certificates stand in files; name it in " + k
			}
			return ": did you mean " + k + "?"
		}
	}
	return "; there are " + list(known)
}

func list(known []string) string {
	return strings.Join(slices.Sorted(slices.Values(known)), ", ")
}

// patterns reads one pattern or a list of them.
func patterns(node *yaml.Node, at string) ([]string, error) {
	if node.Kind != yaml.SequenceNode {
		one, err := text(node, at)
		return []string{one}, err
	}
	var all []string
	for _, each := range node.Content {
		one, err := text(each, at)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// text reads a scalar.
func text(node *yaml.Node, at string) (string, error) {
	switch {
	case node.Kind != yaml.ScalarNode:
		return "", &Problem{Line: node.Line, Field: at, Reason: "expected a text"}
	case node.Value == "" || node.Tag == "!!null":
		return "", &Problem{Line: node.Line, Field: at, Reason: "it is empty"}
	case !printable(node.Value):
		return "", &Problem{Line: node.Line, Field: at, Reason: "expected one line, without control characters"}
	}
	return node.Value, nil
}

var (
	yamlLine   = regexp.MustCompile(`line (\d+)`)
	yamlQuoted = regexp.MustCompile("'[^']*'|\"[^\"]*\"|`[^`]*`")
)

// syntax is what the YAML library says, without what it quotes.
func syntax(err error) error {
	said := strings.TrimPrefix(err.Error(), "yaml: ")
	p := &Problem{Line: 1, Reason: "not YAML: " + yamlQuoted.ReplaceAllString(said, "…")}
	if m := yamlLine.FindStringSubmatch(said); m != nil {
		p.Line, _ = strconv.Atoi(m[1]) // digits only
		_, rest, found := strings.Cut(p.Reason, m[0]+": ")
		if found {
			p.Reason = "not YAML: " + rest
		}
	}
	return p
}
