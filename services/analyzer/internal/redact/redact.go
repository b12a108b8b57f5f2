// Package redact replaces secrets in text by stable placeholders before the text leaves the process.
//
// It knows the shapes of secrets and nothing of prompts, files or providers. What it removes cannot be restored: no
// mapping back is kept beyond the life of a Redactor, and the placeholder tells only the kind.
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
	worded := contains(lower, words)
	for _, rule := range rules {
		switch {
		case !rule.hinted(lower, worded):
		case rule.inline:
			var out strings.Builder
			for line := range strings.Lines(s) {
				if low := strings.ToLower(line); rule.hinted(low, contains(low, words)) {
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

// hinted reports whether the rule may match in a text of lower case; worded tells whether it holds one of words.
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
func (r *Redactor) Setting(key, value string) string {
	if value != "" && telling.MatchString(key) && !harmless("setting", value) {
		return r.placeholder("setting", value)
	}
	return r.Text(value)
}

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
	group := 2 * rule.pattern.Get().SubexpIndex("secret")
	out := make([]byte, 0, len(s))
	last := 0
	for _, m := range matches {
		from, to := m[group], m[group+1]
		if harmless(rule.kind, s[from:to]) {
			continue
		}
		out = append(out, s[last:from]...)
		out = append(out, r.placeholder(rule.kind, s[from:to])...)
		last = to
	}
	return string(append(out, s[last:]...))
}

func (r *Redactor) placeholder(kind, secret string) string {
	r.counts[kind]++
	if p, ok := r.seen[secret]; ok {
		return p
	}
	r.kinds[kind]++
	p := fmt.Sprintf("<<SECRET:%s:%d>>", kind, r.kinds[kind])
	r.seen[secret] = p
	return p
}
