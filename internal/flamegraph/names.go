package flamegraph

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"unicode/utf8"
)

// names gives every distinct name an id.
type names struct {
	ids    map[string]NameID
	list   []string
	guess  []guess // by id, as far as it was asked for
	limits Limits
	text   int64 // bytes of all names

	seen *hashes // of the names instead of all above, where names are only counted
	seed maphash.Seed
}

// bare reports that names are only counted, and have no ids.
func (n *names) bare() bool { return n.seen != nil }

func (n *names) len() int {
	if n.bare() {
		return n.seen.len
	}
	return len(n.list)
}

// guess is a kind that a name tells, plus one.
type guess uint8

// kindByName returns the kind that a name tells.
func (n *names) kindByName(id NameID) Kind {
	for int(id) >= len(n.guess) {
		n.guess = append(n.guess, 0)
	}
	if n.guess[id] == 0 {
		n.guess[id] = guess(guessKind(n.list[id])) + 1
	}
	return Kind(n.guess[id] - 1)
}

// kind corrects the kind that a page states: converters tell Java by slashes,
// and call a Java method native that has dots instead.
func (n *names) kind(id NameID, stated Kind) Kind {
	if stated == Native && !n.bare() && n.kindByName(id) == JIT {
		return JIT
	}
	return stated
}

func newNames(limits Limits) *names {
	return &names{ids: make(map[string]NameID), limits: limits}
}

// countNames returns names that are only counted.
func countNames(limits Limits) *names {
	return &names{seen: &hashes{}, seed: maphash.MakeSeed(), limits: limits}
}

// id returns the id of a name as it is in the file, after making it valid
// UTF-8. It does not keep b.
func (n *names) id(b []byte) (NameID, error) {
	if n.bare() {
		return 0, n.count(b)
	}
	if id, ok := n.ids[string(b)]; ok {
		return id, nil
	}
	switch {
	case len(b) > n.limits.NameBytes:
		return 0, fmt.Errorf("%w: a name of %d bytes", ErrTooLarge, len(b))
	case len(n.list) >= n.limits.Names:
		return 0, fmt.Errorf("%w: more than %d distinct names", ErrTooLarge, n.limits.Names)
	case utf8.Valid(b):
		return n.add(string(b)), nil
	}
	return n.of(strings.ToValidUTF8(string(b), "\ufffd")), nil
}

// count is id for names that are only counted.
func (n *names) count(b []byte) error {
	switch {
	case len(b) > n.limits.NameBytes:
		return fmt.Errorf("%w: a name of %d bytes", ErrTooLarge, len(b))
	case !n.seen.add(maphash.Bytes(n.seed, b)):
		return nil
	case n.seen.len > n.limits.Names:
		return fmt.Errorf("%w: more than %d distinct names", ErrTooLarge, n.limits.Names)
	}
	n.text += int64(len(b))
	if !utf8.Valid(b) {
		n.text += 2 * int64(len(b)) //nolint:mnd // U+FFFD has three bytes, what it stands for at least one
	}
	return nil
}

// of returns the id of a name without any limit.
func (n *names) of(s string) NameID {
	if id, ok := n.ids[s]; ok {
		return id
	}
	return n.add(s)
}

func (n *names) add(s string) NameID {
	id := NameID(len(n.list)) //nolint:gosec // bounded by Limits.Names
	n.ids[s] = id
	n.list = append(n.list, s)
	n.text += int64(len(s))
	return id
}

// ranks returns the place of every name in the order of names.
func (n *names) ranks() []int32 {
	ids := make([]NameID, len(n.list))
	for i := range ids {
		ids[i] = NameID(i)
	}
	slices.SortFunc(ids, func(a, b NameID) int { return strings.Compare(n.list[a], n.list[b]) })
	rank := make([]int32, len(ids))
	for r, id := range ids {
		rank[id] = int32(r)
	}
	return rank
}
