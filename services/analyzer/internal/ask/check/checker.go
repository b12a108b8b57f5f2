package check

import (
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/pkg/events"
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
	in       Input
	idle     func(string) bool
	facts    map[string]events.Fact
	lexicon  *lexicon        // every name that may be named
	frames   *lexicon        // those of frames
	native   map[string]bool // frames without a class
	vertices []string        // names, the longest first
	keys     map[string]bool // of the configuration, beside those that every Flink of this version has
	major    string          // version of Flink; empty when unknown
	quoted   []number        // of context files and settings, whose parameters may be quoted
	context  string          // context files and names of vertices
	planted  planted
	result   Result
	hidden   map[string]bool
	memo     map[string]mention // of parts of sentences
}

// scope is what the sentences of one finding or observation may say.
type scope struct {
	place    string
	pool     []number
	cited    map[string]bool
	wrong    []wrongClaim
	own      []string // frames that the finding of the rules is about
	finding  *events.Finding
	proposal bool // a proposed change may hold numbers that nobody measured
	strict   bool // names of classes without a package are checked too
	blames   bool // idle frames must not be named
	remark   bool // an observation
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

// Limits of a sentence, so that an answer cannot keep the verifier busy.
const (
	maxSentence = 600 // bytes
	maxNumbers  = 20
)

// check judges one sentence.
func (c *checker) check(sentence string, s *scope) verdict {
	if len(sentence) > maxSentence || len(numeral.FindAllStringIndex(sentence, maxNumbers+1)) > maxNumbers {
		return drop("it is too long to be checked")
	}
	holds := unchecked
	for _, judge := range []func(string, *scope) verdict{
		c.foreign, c.echo, c.links, c.ranks, c.names, c.values, c.blames, c.denied, c.causes, c.comparisons, c.promises, c.quantities,
	} {
		switch v := judge(sentence, s); v.status {
		case dropped:
			return v
		case verified:
			holds = verified
		}
	}
	v := c.numbers(sentence, s)
	if v.status == unchecked && (holds == verified || nameForm.MatchString(sentence) || len(c.named(sentence).frames) > 0) {
		v.status = verified
	}
	return v
}

// foreign drops digits of other scripts and fractions, which could hide a number, and words that mix scripts, which
// could hide a name.
func (c *checker) foreign(sentence string, _ *scope) verdict {
	if r := foreign.FindString(sentence); r != "" {
		return drop("a number is not written with the digits 0 to 9")
	}
	if mixed(sentence) {
		return verdict{status: dropped, why: "a word mixes letters of several alphabets", hide: true}
	}
	return verdict{}
}

// echo drops what repeats instructions of the data, and what talks a finding away.
func (c *checker) echo(sentence string, s *scope) verdict {
	if c.planted.repeats(c.maskNative(nameForm.ReplaceAllString(sentence, " "))) {
		return verdict{status: dropped, why: "it repeats text of the data", hide: true}
	}
	if exonerating.MatchString(sentence) && (!s.remark || len(c.in.Analysis.Findings) > 0) {
		return verdict{status: dropped, why: "it contradicts the findings of the rules", hide: true}
	}
	return verdict{}
}

func (c *checker) links(sentence string, _ *scope) verdict {
	if strings.Contains(sentence, "](") {
		return verdict{status: dropped, why: "a text holds a hidden link", hide: true}
	}
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
	rest := nameForm.ReplaceAllString(sentence, " ")
	for _, name := range s.namesIn(sentence, rest) {
		name = strings.TrimRight(name, "-/")
		if why := c.unknown(name); why != "" {
			return drop(why)
		}
		if s.blames && (c.idle(name) || idleClass(name)) && !slices.ContainsFunc(s.own, func(f string) bool { return strings.Contains(f, name) }) {
			return drop(fmt.Sprintf("%s waits for work and is no bottleneck", name))
		}
	}
	for _, id := range idForm.FindAllString(c.maskVertices(rest), -1) {
		if _, ok := c.facts[id]; !ok && !c.finding(id) {
			return drop(fmt.Sprintf("there is no fact %s", id))
		}
	}
	return verdict{}
}

// namesIn returns what looks like the name of a frame, class, key or method.
func (s *scope) namesIn(sentence, rest string) []string {
	found := nameForm.FindAllString(sentence, -1)
	if s.strict {
		found = append(found, camelForm.FindAllString(rest, -1)...)
	}
	if s.strict && !s.proposal { // a change may propose a method
		for _, m := range callForm.FindAllStringSubmatch(rest, -1) {
			found = append(found, m[1])
		}
	}
	return found
}

func (c *checker) finding(id string) bool {
	return slices.ContainsFunc(c.in.Analysis.Findings, func(f events.Finding) bool { return f.ID == id })
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
