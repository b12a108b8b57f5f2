package check

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"squirrly.dev/internal/lazyregexp"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// numbers checks every number of a sentence and puts measured ones in the place of wrong ones where it is clear which.
func (c *checker) numbers(sentence string, s *scope) verdict {
	masked := maskNames(c.maskNative(c.maskVersion(c.maskVertices(sentence))))
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
		text = text[:n.from] + wording.Fact(right) + text[n.to:]
	}
	return verdict{status: corrected, text: text, why: "the measured number differs"}
}

// unreadable is a sign of percent behind something that is no number.
var unreadable = lazyregexp.New(`_\s?(?:%|percent)|^\s*%`)

// maskVersion blanks the version of Flink.
func (c *checker) maskVersion(sentence string) string {
	return flinkVersion.ReplaceAllStringFunc(sentence, func(s string) string {
		_, v, _ := strings.Cut(s, " ")
		if c.in.Analysis.FlinkVersion != v && !strings.HasPrefix(c.in.Analysis.FlinkVersion, v+".") {
			return s
		}
		return strings.Repeat("_", len(s))
	})
}

var flinkVersion = lazyregexp.New(`\bFlink \d+(?:\.\d+)*`)

// maskVertices blanks the names of vertices that hold digits or marks.
func (c *checker) maskVertices(sentence string) string {
	for _, v := range c.vertices {
		if strings.ContainsAny(v, "0123456789 ,:()") {
			sentence = strings.ReplaceAll(sentence, v, strings.Repeat("_", len(v)))
		}
	}
	return sentence
}

// holds reports whether something that the sentence may rely on says the number, of what the sentence says it.
func (c *checker) holds(n number, sentence string, s *scope) bool {
	if n.kind == points {
		return s.differ(n)
	}
	about := c.about(sentence, n.from)
	if about.nothing() && (n.kind == samples || n.kind == te) {
		about.frames = s.own // "it takes" means the finding
	}
	if slices.ContainsFunc(s.pool, func(m number) bool { return n.says(m) && about.fits(m) }) {
		return true
	}
	switch n.kind {
	case percent, samples, te, rate:
		return false
	case times:
		return s.proposal && !gain.MatchString(sentence) // twice the memory is a price, twice as fast a promise
	}
	if s.proposal || n.kind == plain && n.value == 1 {
		return true
	}
	return slices.ContainsFunc(c.quoted, func(q number) bool {
		return n.value == q.value && (n.kind == q.kind || q.kind == plain && n.kind == duration)
	})
}

// differ reports whether two of the shares that may be quoted differ by the points.
func (s *scope) differ(n number) bool {
	for _, a := range s.pool {
		for _, b := range s.pool {
			if a.kind == percent && b.kind == percent && math.Abs(a.value-b.value-n.value) <= max(n.slack, 0.5) {
				return n.value != 0
			}
		}
	}
	return false
}

// correction finds the fact that a wrong number was meant to quote: one whose value was claimed with this number, or the
// only fact that the sentence cites.
func (c *checker) correction(n number, bad int, sentence string, s *scope) (events.Fact, bool) {
	if n.bound != (bound{}) {
		return events.Fact{}, false
	}
	about := c.about(sentence, n.from)
	for _, w := range s.wrong {
		right := number{kind: kindOf(w.fact.Unit), of: c.sourceOf(w.fact)}
		if math.Abs(n.value-w.value) <= n.slack+1e-9 && (n.kind == right.kind || n.kind == plain && n.loose) && about.fits(right) {
			return w.fact, true
		}
	}
	ids := idForm.FindAllString(sentence, -1)
	if bad != 1 || len(ids) != 1 || !s.cited[ids[0]] {
		return events.Fact{}, false
	}
	f := c.facts[ids[0]]
	right := number{kind: kindOf(f.Unit), of: c.sourceOf(f)}
	return f, n.kind == right.kind && n.kind != plain && about.fits(right)
}

// quantities checks words such as "most of" and "negligible" against the shares that may be quoted.
func (c *checker) quantities(sentence string, s *scope) verdict {
	if s.proposal {
		return verdict{}
	}
	said := false
	for _, q := range quantifiers {
		at := q.form.FindStringIndex(sentence)
		if at == nil {
			continue
		}
		said = true
		about := c.about(sentence, at[0])
		if !slices.ContainsFunc(s.pool, func(n number) bool {
			return n.kind == percent && n.value >= q.low && n.value <= q.high && about.fits(n)
		}) {
			return drop(fmt.Sprintf("no cited fact carries %q", sentence[at[0]:at[1]]))
		}
	}
	if said {
		return verdict{status: verified}
	}
	return verdict{}
}
