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

// status is what became of a sentence.
type status int

const (
	unchecked status = iota // holds nothing that could be checked
	verified
	corrected
	dropped
)

// checker checks the sentences of one answer.
type checker struct {
	in      Input
	idle    func(string) bool
	facts   map[string]events.Fact
	lexicon *lexicon
	files   string // context files and settings, whose parameters may be quoted
	planted planted
	result  Result
	hidden  map[string]bool
}

// scope is what the sentences of one finding or observation may say.
type scope struct {
	place    string
	pool     []number
	cited    map[string]bool
	wrong    []wrongClaim
	own      []string // frames that the finding of the rules is about
	proposal bool     // a proposed change may hold numbers that nobody measured
	strict   bool     // names of classes without a package are checked too
	blames   bool     // idle frames must not be named
	remark   bool     // an observation
}

// wrongClaim is a fact that was cited with another value.
type wrongClaim struct {
	value float64
	fact  events.Fact
}

// verdict is what became of one sentence.
type verdict struct {
	status status
	text   string
	why    string
	hide   bool // the text itself must not be shown
}

func drop(why string) verdict { return verdict{status: dropped, why: why} }

// check judges one sentence.
func (c *checker) check(sentence string, s *scope) verdict {
	for _, judge := range []func(string, *scope) verdict{c.foreign, c.echo, c.links, c.names, c.victims} {
		if v := judge(sentence, s); v.status == dropped {
			return v
		}
	}
	if !s.proposal {
		if word := spelt.FindString(sentence); word != "" {
			return drop(fmt.Sprintf("%q is a number in words", word))
		}
	}
	v := c.numbers(sentence, s)
	if v.status == unchecked && nameForm.MatchString(sentence) {
		v.status = verified
	}
	return v
}

// foreign drops digits of other scripts and fractions, which could hide a number.
func (c *checker) foreign(sentence string, _ *scope) verdict {
	if r := foreign.FindString(sentence); r != "" {
		return drop("a number is not written with the digits 0 to 9")
	}
	return verdict{}
}

// echo drops what repeats instructions of the data, and what talks a finding away.
func (c *checker) echo(sentence string, s *scope) verdict {
	if c.planted.repeats(nameForm.ReplaceAllString(sentence, " ")) {
		return verdict{status: dropped, why: "it repeats text of the data", hide: true}
	}
	if exonerating.MatchString(sentence) && (!s.remark || len(c.in.Analysis.Findings) > 0) {
		return verdict{status: dropped, why: "it contradicts the findings of the rules", hide: true}
	}
	return verdict{}
}

func (c *checker) links(sentence string, _ *scope) verdict {
	for _, link := range linkForm.FindAllString(sentence, -1) {
		if !slices.Contains(c.in.Allowed.Links, strings.TrimRight(link, ".,;:!?)\"'")) {
			return verdict{status: dropped, why: "a link is not on the list", hide: true}
		}
	}
	return verdict{}
}

// names drops sentences that name what is not in the data.
func (c *checker) names(sentence string, s *scope) verdict {
	sentence = linkForm.ReplaceAllString(sentence, " ")
	found := nameForm.FindAllString(sentence, -1)
	rest := nameForm.ReplaceAllString(sentence, " ")
	if s.strict {
		found = append(found, camelForm.FindAllString(rest, -1)...)
		for _, m := range callForm.FindAllStringSubmatch(rest, -1) {
			found = append(found, m[1])
		}
	}
	for _, name := range found {
		name = strings.TrimRight(name, "-/")
		if !c.lexicon.knows(name) {
			return drop(fmt.Sprintf("%s is not in the data", name))
		}
		if s.blames && (c.idle(name) || idleClass(name)) && !slices.ContainsFunc(s.own, func(f string) bool { return strings.Contains(f, name) }) {
			return drop(fmt.Sprintf("%s waits for work and is no bottleneck", name))
		}
	}
	for _, id := range idForm.FindAllString(rest, -1) {
		if _, ok := c.facts[id]; !ok && !c.finding(id) {
			return drop(fmt.Sprintf("there is no fact %s", id))
		}
	}
	return verdict{}
}

// victims drops sentences that blame a vertex which only waits for another one.
func (c *checker) victims(sentence string, s *scope) verdict {
	if !s.blames || !blame.MatchString(sentence) {
		return verdict{}
	}
	for _, v := range c.in.Analysis.Vertices {
		if v.Role == "victim" && v.Name != "" && strings.Contains(sentence, v.Name) {
			return drop("the vertex only waits for another one")
		}
	}
	return verdict{}
}

// blame says that something is the cause.
var blame = regexp.MustCompile(`(?i)\b(?:bottleneck|culprit|root cause|to blame|limits? the job|limiting vertex|slowest)\b`)

func (c *checker) finding(id string) bool {
	return slices.ContainsFunc(c.in.Analysis.Findings, func(f events.Finding) bool { return f.ID == id })
}

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

// keep checks a text and returns the sentences that hold. Those that hold nothing checkable are kept when plain is set.
func (c *checker) keep(field, text string, s *scope, plain bool) []string {
	var out []string
	for _, sentence := range sentences(text) {
		v := c.check(sentence, s)
		c.count(s.place+" "+field, sentence, v)
		if v.status == verified || v.status == corrected || v.status == unchecked && plain {
			out = append(out, finish(v.text))
		}
	}
	return out
}

// count notes what became of a sentence.
func (c *checker) count(place, sentence string, v verdict) {
	claims := &c.result.Claims
	switch v.status {
	case unchecked:
		return
	case verified:
		claims.Verified++
		return
	case corrected:
		claims.Corrected++
	case dropped:
		claims.Dropped++
		c.unverified(sentence, v)
	}
	c.result.Failed = append(c.result.Failed, Failure{
		Place: place, Text: sentence, Why: v.why, Corrected: v.status == corrected,
	})
}

// Limits of the unverified remarks.
const (
	maxRemarks = 20
	maxRemark  = 300 // bytes
)

// unverified keeps a dropped sentence where it is not taken for a fact.
func (c *checker) unverified(sentence string, v verdict) {
	a := &c.result.Analysis
	remark := fmt.Sprintf("%s (%s)", sentence, v.why)
	if v.hide {
		remark = fmt.Sprintf("A remark was removed: %s.", v.why)
	}
	if c.hidden[remark] || len(a.Unverified) >= maxRemarks {
		return
	}
	c.hidden[remark] = true
	if len(remark) > maxRemark {
		remark = strings.ToValidUTF8(remark[:maxRemark], "") + "…"
	}
	a.Unverified = append(a.Unverified, remark)
}
