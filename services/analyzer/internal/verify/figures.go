package verify

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/facts"
)

// numbers checks every number of a sentence and puts measured ones in the place of wrong ones where it is clear which.
func (c *checker) numbers(sentence string, s *scope) verdict {
	masked := maskNames(c.maskVersion(sentence))
	if unreadable.MatchString(masked) {
		return drop("a number cannot be read")
	}
	all := numbers(masked)
	var bad []number
	for _, n := range all {
		if !c.holds(n, sentence, s) {
			bad = append(bad, n)
		}
	}
	switch {
	case len(all) == 0:
		return verdict{status: unchecked, text: sentence}
	case len(bad) == 0:
		return verdict{status: verified, text: sentence}
	}
	text := sentence
	for _, n := range slices.Backward(bad) {
		right, ok := c.correction(n, len(bad), sentence, s)
		if !ok {
			return drop(fmt.Sprintf("no cited fact says %s", strings.TrimSpace(sentence[n.from:n.to])))
		}
		text = text[:n.from] + facts.Print(right) + text[n.to:]
	}
	return verdict{status: corrected, text: text, why: "the measured number differs"}
}

// unreadable is a sign of percent behind something that is no number.
var unreadable = regexp.MustCompile(`_\s?(?:%|percent)|^\s*%`)

// maskVersion blanks the version of Flink.
func (c *checker) maskVersion(sentence string) string {
	return flinkVersion.ReplaceAllStringFunc(sentence, func(s string) string {
		_, v, _ := strings.Cut(s, " ")
		if !strings.HasPrefix(c.in.Analysis.FlinkVersion, v) {
			return s
		}
		return strings.Repeat("_", len(s))
	})
}

var flinkVersion = regexp.MustCompile(`\bFlink \d+(?:\.\d+)*`)

// holds reports whether something that the sentence may rely on says the number.
func (c *checker) holds(n number, sentence string, s *scope) bool {
	if slices.ContainsFunc(s.pool, n.says) {
		return true
	}
	if n.kind == percent || n.kind == times || n.kind == samples || n.kind == te || n.kind == rate {
		return false
	}
	if s.proposal || n.kind == plain && n.value == 1 {
		return true
	}
	return strings.Contains(c.files, " "+strings.TrimSpace(numeral.FindString(sentence[n.from:n.to]))+" ")
}

// correction finds the fact that a wrong number was meant to quote: one whose value was claimed with this number, or the
// only fact that the sentence cites.
func (c *checker) correction(n number, bad int, sentence string, s *scope) (events.Fact, bool) {
	for _, w := range s.wrong {
		if math.Abs(n.value-w.value) <= n.slack+1e-9 && (n.kind == kindOf(w.fact.Unit) || n.kind == plain) {
			return w.fact, true
		}
	}
	ids := idForm.FindAllString(sentence, -1)
	if bad != 1 || len(ids) != 1 || !s.cited[ids[0]] {
		return events.Fact{}, false
	}
	f := c.facts[ids[0]]
	return f, n.kind == kindOf(f.Unit) && n.kind != plain
}
