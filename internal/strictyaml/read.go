package strictyaml

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Fields reads a mapping: each field by its function. A field that is unknown, there twice, or required and missing is a
// mistake. It reports whether the value is a mapping.
func (v Value) Fields(fields map[string]func(Value), required ...string) bool {
	if v.node.Kind != yaml.MappingNode {
		v.Wrong("expected fields (%s), got %s", list(fields), v.kind())
		return false
	}
	seen := map[string]bool{}
	v.each(func(name string, field Value) {
		read, known := fields[name]
		switch {
		case seen[name]:
			field.Wrong("it is there twice")
		case !known:
			field.Wrong("there is no such field%s", instead(name, fields))
		default:
			read(field)
		}
		seen[name] = true
	})
	for _, name := range required {
		if !seen[name] {
			v.Wrong("the field %s is missing", name)
		}
	}
	return true
}

// each calls fn with each key and its value. The line of a field is that of its key.
func (v Value) each(fn func(name string, field Value)) {
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key, value := v.node.Content[i], *v.node.Content[i+1]
		value.Line = key.Line
		path := strings.TrimPrefix(v.path+"."+v.speak(key), ".")
		fn(key.Value, Value{node: &value, path: path, doc: v.doc})
	}
}

// fieldLike is the name of a field, and no secret that stands in its place.
var fieldLike = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,30}$`)

// speak is what a message calls a field.
func (v Value) speak(key *yaml.Node) string {
	if key.Kind != yaml.ScalarNode || v.doc.secret && !fieldLike.MatchString(key.Value) {
		return "this one"
	}
	return cut(key.Value)
}

// instead names the field that was meant, or all of them.
func instead(name string, fields map[string]func(Value)) string {
	bare := func(s string) string { return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(s)) }
	is := bare(name)
	for known := range fields {
		switch k := bare(known); {
		case k == is, k+"s" == is, k+"es" == is, k == is+"s":
			return ": did you mean " + known + "?"
		case k == is+"file":
			return ": write it into a file, and name that in " + known
		}
	}
	return "; expected " + list(fields)
}

// Items are the values of a sequence.
func (v Value) Items() []Value {
	if v.node.Kind != yaml.SequenceNode {
		v.Wrong("expected a list, got %s", v.kind())
		return nil
	}
	items := make([]Value, len(v.node.Content))
	for i, n := range v.node.Content {
		items[i] = Value{node: n, path: fmt.Sprintf("%s[%d]", v.path, i), doc: v.doc}
	}
	return items
}

// Texts reads a mapping of names to texts, at most limit of them.
func (v Value) Texts(limit int) map[string]string {
	if v.node.Kind != yaml.MappingNode {
		v.Wrong("expected names with texts, got %s", v.kind())
		return nil
	}
	all := map[string]string{}
	v.each(func(name string, field Value) {
		if _, twice := all[name]; twice {
			field.Wrong("it is there twice")
		}
		all[name] = field.Text()
	})
	if len(all) > limit {
		v.Wrong("expected at most %d, got %d", limit, len(all))
	}
	return all
}

// Text reads a text that is not empty. Numbers and the like are taken as they are written.
func (v Value) Text() string {
	if v.node.Kind != yaml.ScalarNode || v.node.Tag == "!!null" || v.node.Value == "" {
		v.Wrong("expected a text, got %s", v.kind())
		return ""
	}
	return v.node.Value
}

// IsText reports whether there is a text, or what is written like one, and neither a list nor fields.
func (v Value) IsText() bool { return v.node.Kind == yaml.ScalarNode && v.node.Tag != "!!null" }

// Int reads a whole number from low to high.
func (v Value) Int(low, high int) int {
	n, err := strconv.Atoi(v.node.Value)
	if v.node.Kind != yaml.ScalarNode || err != nil || n < low || n > high {
		v.Wrong("expected a number from %d to %d, got %s", low, high, v.kind())
		return low
	}
	return n
}

// Duration reads a duration such as 90s or 1h30m, from low to high.
func (v Value) Duration(low, high time.Duration) time.Duration {
	d, err := time.ParseDuration(v.node.Value)
	if v.node.Kind != yaml.ScalarNode || err != nil || d < low || d > high {
		v.Wrong("expected a duration from %s to %s, such as 90s or 1h30m, got %s", short(low), short(high), v.kind())
		return low
	}
	return d
}

// short is a duration without the zero units at its end.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// kind says what a value is, for a message.
func (v Value) kind() string {
	switch {
	case v.node.Kind == yaml.MappingNode:
		return "fields"
	case v.node.Kind == yaml.SequenceNode:
		return "a list"
	case v.node.Tag == "!!null" || v.node.Value == "":
		return "nothing"
	}
	if v.doc.secret {
		return "something else"
	}
	return strconv.Quote(cut(v.node.Value))
}

// cut keeps a message short.
func cut(s string) string {
	const most = 60
	if text := []rune(s); len(text) > most {
		return string(text[:most]) + "…"
	}
	return s
}

func list(fields map[string]func(Value)) string {
	return strings.Join(slices.Sorted(maps.Keys(fields)), ", ")
}

// Peek returns the text of a field before the fields are read, since others depend on it.
func (v Value) Peek(name string) (string, bool) {
	if v.node.Kind != yaml.MappingNode {
		return "", false
	}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		if v.node.Content[i].Value == name {
			return v.node.Content[i+1].Value, true
		}
	}
	return "", false
}

// Any is the value as it is, for what another library decodes.
func (v Value) Any() any {
	var x any
	if err := v.node.Decode(&x); err != nil {
		v.Wrong("not a value: %v", err)
	}
	return x
}
