package policy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Rule maps what happens elsewhere, an alert or an event, to targets of its policy.
type Rule struct {
	Match []Matcher         // all of which must hold
	By    map[string]string // property of a target: label or attribute that says it; empty means the only target
}

// Matcher compares one label or attribute; one that is missing counts as empty, as with Alertmanager.
type Matcher struct {
	Name  string
	Value string

	pattern *regexp.Regexp // nil compares with Value
	not     bool
}

// Properties are what a target can be named by.
var Properties = []string{"cluster", "deployment", "job", "name", "namespace", "url"} //nolint:gochecknoglobals // a constant list.

// Property is what a target has by the name of one of [Properties].
func (t Target) Property(name string) string {
	return map[string]string{
		"cluster": t.Cluster, "deployment": t.Deployment, "job": t.Job, "name": t.Name, "namespace": t.Namespace, "url": t.URL,
	}[name]
}

var matcherForm = regexp.MustCompile(`^\s*([A-Za-z_][A-Za-z0-9_.:-]*)\s*(=~|!~|!=|=)\s*(.*?)\s*$`)

// ParseMatcher reads name="value", !=, =~ or !~ as Alertmanager writes them; quotes may be left out. A pattern has to
// match the whole value.
func ParseMatcher(text string) (Matcher, error) {
	parts := matcherForm.FindStringSubmatch(text)
	if parts == nil {
		return Matcher{}, fmt.Errorf(`expected a matcher such as severity="critical" or alertname=~"Flink.*", got %q`, text)
	}
	m := Matcher{Name: parts[1], Value: parts[3], not: strings.HasPrefix(parts[2], "!")}
	if strings.HasPrefix(m.Value, `"`) {
		value, err := strconv.Unquote(m.Value)
		if err != nil {
			return m, fmt.Errorf("the quotes of %s do not fit", m.Value)
		}
		m.Value = value
	}
	if strings.HasSuffix(parts[2], "~") {
		pattern, err := regexp.Compile("^(?s:" + m.Value + ")$")
		if err != nil {
			return m, fmt.Errorf("the pattern of %s is no regular expression: %w", m.Name, err)
		}
		m.pattern = pattern
	}
	return m, nil
}

// Matches reports whether the matcher holds for some labels.
func (m Matcher) Matches(labels map[string]string) bool {
	is := labels[m.Name] == m.Value
	if m.pattern != nil {
		is = m.pattern.MatchString(labels[m.Name])
	}
	return is != m.not
}

// Matches reports whether all matchers of the rule hold.
func (r Rule) Matches(labels map[string]string) bool {
	for _, m := range r.Match {
		if !m.Matches(labels) {
			return false
		}
	}
	return true
}

// Selects reports whether labels that match name this target.
func (r Rule) Selects(t Target, labels map[string]string) bool {
	for property, label := range r.By {
		if value := labels[label]; value == "" || value != t.Property(property) {
			return false
		}
	}
	return true
}
