// Package redact replaces secrets in texts and settings before these are stored or leave the process.
//
// It is the one place that knows what a secret looks like: by its own shape, by the name that it is assigned to, and by
// what stands around it. It knows nothing of prompts, files or providers. [Text] and [Config] put three stars in place of
// a secret; a [Redactor] puts stable placeholders there, so that a reader still sees where two places hold the same value.
// What is removed cannot be restored: no mapping back is kept beyond the life of a Redactor, and a placeholder tells only
// the kind. A secret under a name that tells nothing, and that looks like a word, cannot be known.
package redact

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"squirrly.dev/internal/lazyregexp"
)

// Redactor replaces secrets. The same secret gets the same placeholder for as long as the Redactor lives, so that a
// reader can still see that two places hold the same value. It is not safe for concurrent use.
type Redactor struct {
	seen   map[string]string // secret to placeholder
	counts map[string]int    // kind to number of replaced places
	kinds  map[string]int    // kind to number of distinct secrets
	stars  bool              // in place of placeholders
}

// hidden stands in place of a secret where nobody needs to tell one from another.
const hidden = "***"

// Text returns s with three stars in place of every secret.
func Text(s string) string { return newStars().Text(s) }

// Config returns settings with three stars in place of every secret, whole values by their keys, others by their shape.
// The map is left as it is.
func Config(settings map[string]string) map[string]string {
	r := newStars()
	out := make(map[string]string, len(settings))
	for key, value := range settings {
		out[key] = r.Setting(key, value)
	}
	return out
}

func newStars() *Redactor {
	r := New()
	r.stars = true
	return r
}

// New returns an empty Redactor.
func New() *Redactor {
	return &Redactor{seen: map[string]string{}, counts: map[string]int{}, kinds: map[string]int{}}
}

// placeholders are what an earlier rule or an earlier pass put into the text.
var placeholders = lazyregexp.New(`<<SECRET:[a-z]+:\d+>>`)

// Text returns s with every secret that the rules know replaced by <<SECRET:kind:n>>.
func (r *Redactor) Text(s string) string {
	lower := strings.ToLower(s)
	worded := speaks(s, lower)
	for _, rule := range rules {
		switch {
		case !rule.hinted(lower, worded):
		case rule.inline:
			var out strings.Builder
			for line := range strings.Lines(s) {
				if low := strings.ToLower(line); rule.hinted(low, len(rule.hints) == 0 && speaks(line, low)) {
					line = r.outside(rule, line)
				}
				out.WriteString(line)
			}
			s = out.String()
		default:
			s = r.outside(rule, s)
		}
	}
	return s
}

// speaks reports that a text holds a name that may tell of a secret. It spares most texts the expressions of settings.
func speaks(s, lower string) bool {
	if !contains(lower, words) {
		return false
	}
	for len(s) > 0 {
		n := 0
		for n < len(s) && isNameByte(s[n]) {
			n++
		}
		if sure, _ := judge(s[:n]); n > 0 && sure != never {
			return true
		}
		s = s[max(n, 1):]
	}
	return false
}

// hinted reports whether the rule may match in a text of lower case; worded tells whether it speaks of a secret.
func (r rule) hinted(lower string, worded bool) bool {
	if len(r.hints) == 0 {
		return worded
	}
	return contains(lower, r.hints)
}

// contains reports whether s holds one of the parts.
func contains(s string, parts []string) bool {
	return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(s, p) })
}

// Setting returns the value of a setting without secrets: a placeholder for all of it when the key tells that it is one.
// Of a map of Flink's, "key:value,key:value", each value is judged by its own key.
func (r *Redactor) Setting(key, value string) string {
	if value != "" && tells(key, value) && !harmless("setting", value) {
		return r.placeholder("setting", value)
	}
	items := strings.Split(value, ",")
	if len(items) < 2 || slices.ContainsFunc(items, func(item string) bool { return !mapItem.MatchString(item) }) {
		return r.Text(value)
	}
	for i, item := range items {
		name, of, _ := strings.Cut(item, ":")
		items[i] = r.Text(name) + ":" + r.Setting(name, of)
	}
	return strings.Join(items, ",")
}

// mapItem is an item of a map that needs no quotes.
var mapItem = lazyregexp.New(`^[\w.-]+:[^'":]*$`)

// outside applies the rule to what lies between placeholders, since these look like settings themselves.
func (r *Redactor) outside(rule rule, s string) string {
	var out strings.Builder
	last := 0
	for _, m := range placeholders.FindAllStringIndex(s, -1) {
		out.WriteString(r.apply(rule, s[last:m[0]]))
		out.WriteString(s[m[0]:m[1]])
		last = m[1]
	}
	out.WriteString(r.apply(rule, s[last:]))
	return out.String()
}

// Counts returns how many places were replaced, by kind of secret. It is empty when there were none.
func (r *Redactor) Counts() map[string]int { return maps.Clone(r.counts) }

// apply replaces the group "secret" of each match of the rule.
func (r *Redactor) apply(rule rule, s string) string {
	matches := rule.pattern.FindAllStringSubmatchIndex(s, -1)
	if matches == nil {
		return s
	}
	secret, key := rule.pattern.Get().SubexpIndex("secret"), rule.pattern.Get().SubexpIndex("key")
	out := make([]byte, 0, len(s))
	last := 0
	for _, m := range matches {
		from, to := m[2*secret], m[2*secret+1]
		value := s[from:to]
		if harmless(rule.kind, value) {
			continue
		}
		if key >= 0 {
			if name := wholeName(s, m[2*key], m[2*key+1]); !tells(name, value) || isCode(name, value) {
				continue
			}
		}
		out = append(out, s[last:from]...)
		out = append(out, r.placeholder(rule.kind, value)...)
		last = to
	}
	return string(append(out, s[last:]...))
}

// wholeName is the name that lies in s, with what stands before it within the word.
func wholeName(s string, from, to int) string {
	for from > 0 && isNameByte(s[from-1]) {
		from--
	}
	return s[from:to]
}

func isNameByte(b byte) bool {
	return b == '.' || b == '-' || b == '_' || b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z'
}

func (r *Redactor) placeholder(kind, secret string) string {
	r.counts[kind]++
	if r.stars {
		return hidden
	}
	if p, ok := r.seen[secret]; ok {
		return p
	}
	r.kinds[kind]++
	p := fmt.Sprintf("<<SECRET:%s:%d>>", kind, r.kinds[kind])
	r.seen[secret] = p
	return p
}
