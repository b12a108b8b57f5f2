package diagnose

import (
	"strconv"

	"squirrly.dev/pkg/events"
)

// Kinds of facts: the letter of their ids.
const (
	factFrame    = "F"
	factTree     = "T"
	factMetric   = "M"
	factVertex   = "V"
	factCategory = "C"
	factCheck    = "K"
)

// ledger numbers the facts in the order in which they are found, which depends on the input alone.
type ledger struct {
	facts []events.Fact
	count map[string]int
}

func (l *ledger) add(kind string, f events.Fact) string {
	if l.count == nil {
		l.count = map[string]int{}
	}
	l.count[kind]++
	f.ID = kind + strconv.Itoa(l.count[kind])
	l.facts = append(l.facts, f)
	return f.ID
}
