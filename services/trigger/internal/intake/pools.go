package intake

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"squirrly.dev/pkg/events"
)

// Rule limits how many runs there are at a time, in each place that its pattern names.
type Rule struct {
	pattern []string // cluster, namespace and job, of which the last ones may be left out
	most    int
}

// Rules are tried in their order; the first that fits a run counts, and no other.
type Rules []Rule

// DefaultRules are for who sets none: so many runs at a time in each cluster.
const DefaultRules = "10"

// ParseRules reads rules such as "prod/payments=2" and "10", which is short for "*=10". 0 is no limit.
func ParseRules(texts []string) (Rules, error) {
	var all Rules
	for _, text := range texts {
		pattern, number, ok := strings.Cut(text, "=")
		if !ok {
			pattern, number = "*", text
		}
		r := Rule{pattern: strings.Split(strings.TrimSpace(pattern), "/")}
		var err error
		if r.most, err = strconv.Atoi(strings.TrimSpace(number)); err != nil || r.most < 0 {
			return nil, fmt.Errorf("%q: expected a number such as 10, or a place with its number such as prod/payments=2", text)
		}
		const parts = 3
		if len(r.pattern) > parts {
			return nil, fmt.Errorf("%q: expected cluster, cluster/namespace or cluster/namespace/job", text)
		}
		for _, segment := range r.pattern {
			if _, err := path.Match(segment, ""); err != nil || segment == "" {
				return nil, fmt.Errorf("%q: %q is no pattern", text, segment)
			}
		}
		all = append(all, r)
	}
	return all, nil
}

// pool is the name of the pool that a run belongs to, and how many of it there may be at a time; 0 is no limit.
func (r Rules) pool(id events.Identity) (name string, most int) {
	place := []string{id.Cluster, id.Namespace, id.Job}
	for _, rule := range r {
		if !rule.fits(place) {
			continue
		}
		if rule.most == 0 {
			return "", 0
		}
		named := make([]string, len(rule.pattern))
		for i := range rule.pattern {
			named[i] = events.Token(place[i])
		}
		return strings.Join(named, "."), rule.most
	}
	return "", 0
}

func (r Rule) fits(place []string) bool {
	for i, segment := range r.pattern {
		if ok, err := path.Match(segment, place[i]); err != nil || !ok {
			return false
		}
	}
	return true
}

// forBackground is how many of a pool's permits requests in the background may have: one in ten, and one at least, is left
// to people and alerts, unless there is one only.
func forBackground(most int) int {
	const share = 10
	if most == 1 {
		return 1
	}
	return most - max(1, most/share)
}
