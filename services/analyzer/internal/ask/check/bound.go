package check

import (
	"math"

	"squirrly.dev/internal/lazyregexp"
)

// bound is how the words before a number loosen it.
type bound struct {
	side   side
	hedge  bool    // about, roughly
	until  float64 // upper end of a range that starts with this number; 0 is none
	closed bool    // the upper end was passed
}

// side says on which side of a number the measured one lies.
type side int

const (
	exact side = iota
	above      // more than, at least
	below      // less than, at most
)

var (
	moreThan = lazyregexp.New(`(?i)(?:\bmore than|\bover|\babove|\bat least|\bexceed(?:s|ing)?|\bwell over|\bupwards of|\bno less than|>|≥)\s*(?:a |the )?$`)
	lessThan = lazyregexp.New(`(?i)(?:\bless than|\bunder|\bat most|\bup to|\bno more than|\bfewer than|\bno larger than|<|≤)\s*(?:a |the )?$`)
	hedged   = lazyregexp.New(`(?i)(?:\babout|\broughly|\baround|\bapproximately|\bapprox\.|\bnearly|\balmost|\bsome|\bclose to|~|≈)\s*(?:a |the )?$`)
	rangeTo  = lazyregexp.New(`^\s?(?:%|percent)?\s?(?:-|–|—|to|and)\s?(\d+(?:\.\d+)?)\s?(?:%|percent)`)
)

// How far a loosened number may be from the measured one.
const (
	hedgeShare = 0.05 // of the measured value
	hedgePoint = 2.5  // of percent
	reach      = 0.15 // of the measured value: "more than 80 %" may be said of 97 %, and not of a number far away
	maxRange   = 10.0 // of percent
)

// window is how many bytes before a number can change its meaning.
const window = 32

// context reads what stands before the number, and the other end of a range.
func (n *number) context(text string) {
	before := text[max(0, n.from-window):n.from]
	switch {
	case lessThan.MatchString(before): // first, since "no more than" holds "more than"
		n.bound.side = below
	case moreThan.MatchString(before):
		n.bound.side = above
	case hedged.MatchString(before):
		n.bound.hedge = true
		n.slack = max(n.slack, hedgeShare*math.Abs(n.value))
		if n.kind == percent && n.value >= 10 {
			n.slack = max(n.slack, hedgePoint)
		}
	}
	m := rangeTo.FindStringSubmatch(text[min(n.to, len(text)):])
	if m != nil && (n.kind == percent || n.kind == plain && n.loose) {
		other := parseNumber(m[1], 0, len(m[1]))
		if other.value > n.value && other.value-n.value <= maxRange {
			n.bound.until = other.value
		}
	}
}

// allows reports whether a number that is said so fits the measured one.
func (b bound) allows(said, measured, slack float64) bool {
	switch far := reach * math.Abs(measured); {
	case b.until > 0:
		return measured >= said-slack && measured <= b.until+slack
	case b.side == above:
		return measured > said-1e-6 && measured-said <= far+slack
	case b.side == below:
		return measured < said+slack && said-measured <= far+slack
	}
	return math.Abs(said-measured) <= slack
}
