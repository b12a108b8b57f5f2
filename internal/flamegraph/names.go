package flamegraph

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// names gives every distinct name an id.
type names struct {
	ids    map[string]NameID
	list   []string
	limits Limits
}

func newNames(limits Limits) *names {
	return &names{ids: make(map[string]NameID), limits: limits}
}

// id returns the id of a name as it is in the file, after making it valid
// UTF-8. It does not keep b.
func (n *names) id(b []byte) (NameID, error) {
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
