package access

import (
	"errors"

	"squirrly.dev/internal/strictyaml"
)

const (
	maxFile    = 1 << 20 // bytes of the YAML file
	maxEntries = 5000
)

type (
	value  = strictyaml.Value
	fields = map[string]func(value)
)

// Parse reads the YAML file. Files that it names are relative to dir; they are not read. The error is
// [strictyaml.Problems], which repeat no value.
func Parse(body []byte, dir string) ([]Entry, error) {
	var entries []Entry
	err := strictyaml.ReadSecret(body, func(v value) {
		v.Fields(fields{"clusters": func(v value) {
			items := v.Items()
			if len(items) > maxEntries {
				v.Wrong("expected at most %d entries", maxEntries)
				return
			}
			for _, item := range items {
				entries = append(entries, entry(item, dir))
			}
		}}, "clusters")
	})
	if err != nil {
		return nil, err
	}
	return entries, nil
}

// entry reads one element of the list. What contradicts itself is told once its fields are right.
func entry(v value, dir string) Entry {
	e := Entry{field: v.Path(), lines: map[string]int{"": v.Line()}}
	before := v.Mistakes()
	known := fields{"match": func(v value) {
		e.lines["match"] = v.Line()
		e.Match = patterns(v)
	}}
	for name, into := range e.fields() {
		known[name] = func(v value) {
			e.lines[name] = v.Line()
			*into = text(v)
		}
	}
	v.Fields(known)
	if v.Mistakes() > before {
		return e
	}
	if e.Name == "" && len(e.Match) > 0 {
		e.Name = e.Match[0]
	}
	if problem, ok := errors.AsType[strictyaml.Problem](e.check()); ok {
		v.Add(problem)
	}
	e.resolve(dir)
	return e
}

// patterns reads one pattern or a list of them.
func patterns(v value) []string {
	if v.IsText() {
		return []string{text(v)}
	}
	var all []string
	for _, each := range v.Items() {
		all = append(all, text(each))
	}
	return all
}

// text reads a text of one line.
func text(v value) string {
	s := v.Text()
	if !printable(s) {
		v.Wrong("expected one line, without control characters")
	}
	return s
}
