package check

import (
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/lazyregexp"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

var (
	// blame says that something is the cause.
	blame = lazyregexp.New(`(?i)\b(?:bottleneck|culprit|root cause|to blame|limits? the (?:job|pipeline|throughput)|limiting vertex|slowest)\b`)
	// negated says that what was measured is not so.
	negated = lazyregexp.New(`(?i)\b(?:not|never|hardly|barely|rarely|seldom|n[o']t|no longer|far from)\s+(?:\w+\s+){0,2}?(?:take[sn]?|taking|spend(?:s|ing)?|spent|account\w*|cost(?:s|ing)?|use[sd]?|consum\w+|dominat\w+|limit\w*|sleep\w*|block\w*|wait\w*|appear\w*|call(?:s|ed)?|show\w*|exceed\w*|reach\w*|contribut\w+|matter\w*|involved?|busy|back-?pressured|visible|present|the cause|responsible|amount\w*)\b|n['’]t\s+(?:take|spend|account|cost|use|limit|sleep|block|wait|appear|call|show|exceed|reach|contribute|matter)\b`)
	// ranked talks about severity or rank, which are those of the rules.
	ranked = lazyregexp.New(`(?i)\bseverit(?:y|ies)\b|\b(?:is|are|as|be|rated|ranked|considered|just|only|merely|of) (?:only |merely |just |an? |rather )*(?:info|informational|warning|critical|minor|cosmetic|harmless|unimportant|low|lower|high|higher|top|no)(?:[- ](?:priority|severity|importance|impact))?(?:[.,;!]|$)|\b(?:low|lower|lowest|high|higher|highest|top)[- ](?:priority|importance)\b|\b(?:more|less|most|least) (?:important|severe|urgent|critical|relevant)\b|\b(?:only|merely|just) an? (?:minor|small|cosmetic|marginal)\b|\b(?:second(?:ary)?|tertiary|minor|cosmetic) (?:issue|problem|concern)\b`)
	// gain promises something.
	gain = lazyregexp.New(`(?i)\b(?:faster|speed-?ups?|sped up|gain(?:s|ed)?|sav(?:e[sd]?|ings?|ing)|reduc\w+|remov\w+|improv\w+|win(?:s|ning)?|cuts?|cutting|free[sd]?|shrinks?|lowers?|shorter|more throughput|higher throughput|increas\w+|boost\w*|rais\w+|grows?|doubl\w+|eliminat\w+|recover\w*|upper bound|estimate[ds]?)\b`)
	// pace is what an operator off the path of the limit cannot change.
	pace = lazyregexp.New(`(?i)\b(?:throughput|faster|speed-?ups?|sped up)\b`)
)

// denied drops sentences that say that something measured is not so.
func (c *checker) denied(sentence string, s *scope) verdict {
	if s.proposal || !negated.MatchString(sentence) {
		return verdict{}
	}
	m := c.named(sentence)
	if len(m.frames) > 0 || len(m.vertices) > 0 || len(numbers(maskNames(sentence))) > 0 {
		return drop("it denies what the facts show")
	}
	return verdict{}
}

// ranks drops sentences about severity and rank.
func (c *checker) ranks(sentence string, _ *scope) verdict {
	if word := ranked.FindString(sentence); word != "" {
		return verdict{status: dropped, why: "severity and rank are those of the rules", hide: true}
	}
	return verdict{}
}

// blames drops sentences that blame what only waits, what does not limit the job, or a frame that takes little.
func (c *checker) blames(sentence string, s *scope) verdict {
	if !blame.MatchString(sentence) {
		return verdict{}
	}
	m := c.named(sentence)
	v := c.in.Analysis.Verdict
	if len(m.vertices) > 0 && !slices.Contains(m.vertices, v.VertexName) {
		return drop("the vertex does not limit the job")
	}
	if slices.ContainsFunc(c.in.Analysis.Vertices, func(l events.VertexLoad) bool {
		return l.Role == "victim" && len(m.vertices) == 1 && m.vertices[0] == l.Short()
	}) {
		return drop("the vertex only waits for another one")
	}
	for _, frame := range m.frames {
		if c.idle(frame) || idleClass(frame) {
			return drop(fmt.Sprintf("%s waits for work and is no bottleneck", frame))
		}
		if !anyFrame([]string{frame}, s.own) && !c.large(frame) {
			return drop(fmt.Sprintf("%s takes too little to be the bottleneck", frame))
		}
	}
	return verdict{}
}

// large reports whether a frame takes at least a fifth of the time.
func (c *checker) large(name string) bool {
	for _, f := range c.facts {
		if f.Unit == wording.UnitShare && f.Value >= leastBlame && f.Frame != "" && anyFrame([]string{name}, []string{f.Frame}) {
			return true
		}
	}
	return false
}

// promises holds a promised gain to what the share of the finding allows.
func (c *checker) promises(sentence string, s *scope) verdict {
	if s.proposal || !gain.MatchString(sentence) {
		return verdict{}
	}
	f := s.finding
	if f == nil {
		f = &events.Finding{OnPath: true} // an observation promises nothing
	}
	share := f.P * 100
	if share == 0 {
		share = f.Share * 100
	}
	for _, n := range numbers(maskNames(c.maskVersion(sentence))) {
		switch {
		case !f.OnPath && pace.MatchString(sentence):
			return drop("it is off the path of what limits the job")
		case n.kind == percent && len(c.about(sentence, n.from).loads) == 0 && n.value > share+max(n.slack, 0.5):
			return drop(fmt.Sprintf("no more than %s %% can be gained", wording.Decimal(share, 1)))
		case n.kind == times && (f.Bound == 0 || n.value > f.Bound*1.01+n.slack):
			return drop("the speed-up is above its bound")
		}
	}
	return verdict{}
}

var (
	// compares says that something was otherwise before.
	compares = lazyregexp.New(`(?i)\b(?:improved|improvement since|regress\w*|(?:got|become|became|gotten|grew|grown) (?:\w+ )?(?:worse|better|slower|faster|larger|smaller)|since the (?:baseline|last|previous|first)|(?:compared|relative) (?:to|with) (?:the )?(?:baseline|last|previous|earlier|run)|than (?:before|the baseline|in the (?:baseline|last|previous|earlier)|the (?:last|previous|earlier) (?:run|release|profile)|yesterday|last (?:run|week|month|release|time))|used to (?:be|take)|previously|the (?:previous|last|earlier|baseline) (?:run|profile|release|capture)|was (?:faster|slower|better|worse)|unchanged since|no longer|new since|baseline)\b`)
	better   = lazyregexp.New(`(?i)\b(?:improve[ds]?|improvement|better|faster|resolved|helped|smaller|less|lower|no longer)\b`)
	worse    = lazyregexp.New(`(?i)\b(?:regress\w*|worse|slower|larger|more|higher)\b`)
)

// comparisons drops comparisons with a run that there is none of, or that say the opposite.
func (c *checker) comparisons(sentence string, s *scope) verdict {
	if s.proposal || !compares.MatchString(sentence) {
		return verdict{}
	}
	cmp := c.in.Analysis.Comparison
	if cmp == nil {
		return drop("there is no run to compare with")
	}
	up, down := cmp.Effect == events.EffectHelped, cmp.Effect == events.EffectWorse
	for _, ch := range cmp.Changes {
		if s.finding != nil && ch.Fingerprint == s.finding.Fingerprint {
			up = up || ch.Change == events.ChangeImproved || ch.Change == events.ChangeResolved
			down = down || ch.Change == events.ChangeWorse || ch.Change == events.ChangeNew
		}
	}
	if better.MatchString(sentence) && !up || worse.MatchString(sentence) && !down {
		return drop("the comparison says otherwise")
	}
	s.pool = append(s.pool, ofComparison(cmp)...)
	return verdict{status: verified}
}

// ofComparison returns the numbers before and after.
func ofComparison(cmp *events.Comparison) []number {
	var out []number
	for _, m := range cmp.Measures {
		for _, x := range []float64{m.Before, m.After} {
			f := events.Fact{Value: x, Unit: m.Unit}
			out = append(out, number{value: wording.Value(f), kind: kindOf(m.Unit)})
		}
	}
	for _, ch := range cmp.Changes {
		out = append(out, number{value: ch.Before * 100, kind: percent}, number{value: ch.After * 100, kind: percent})
	}
	return append(out, tagged(numbers(maskNames(strings.Join(append(cmp.Caveats, cmp.Summary), "\n"))), nil)...)
}
