package diagnose

import (
	"encoding/json"
	"maps"
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

// fact is a fact before it is numbered. It is a value: two that say the same are the same fact.
type fact struct {
	kind string
	events.Fact
}

// ledger numbers the facts in the order in which they are written down, each of them once.
type ledger struct {
	facts []events.Fact
	count map[string]int
	ids   map[factKey]string
}

// factKey tells facts apart by what they say and by what they count.
type factKey struct {
	fact
	count string
}

func (f fact) key() factKey {
	key := factKey{fact: f}
	if f.Count != nil {
		count, err := json.Marshal(f.Count)
		if err != nil {
			panic(err) // strings and numbers
		}
		key.Count, key.count = nil, string(count)
	}
	return key
}

func newLedger() *ledger { return &ledger{count: map[string]int{}, ids: map[factKey]string{}} }

// add writes a fact down, if it is not there yet, and returns its id.
func (l *ledger) add(f fact) string {
	key := f.key()
	if id, ok := l.ids[key]; ok {
		return id
	}
	id := l.addAnew(f)
	l.ids[key] = id
	return id
}

// addAnew writes a fact down that is one of its own even if another one says the same, as two lines of a tree do.
func (l *ledger) addAnew(f fact) string {
	l.count[f.kind]++
	id := f.kind + strconv.Itoa(l.count[f.kind])
	f.ID = id
	if f.Count != nil && f.Count.Unit != "" {
		f.Samples, f.StdErr = 0, 0 // values are no samples, and have no sampling error
	}
	l.facts = append(l.facts, f.Fact)
	return id
}

func (l *ledger) addAll(facts []fact) []string {
	var ids []string
	for _, f := range facts {
		ids = append(ids, l.add(f))
	}
	return ids
}

// fork returns a ledger that goes on from where this one is, and leaves it as it is.
func (l *ledger) fork() *ledger {
	return &ledger{count: maps.Clone(l.count), ids: maps.Clone(l.ids)}
}
