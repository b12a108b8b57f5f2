package mechanisms

import (
	_ "embed" // the lists of keys
	"slices"
	"strings"
	"sync"
)

// The keys of Flink's configuration, with deprecated ones: written by the command rulenames.
var (
	//go:embed keys-1.txt
	keysOf1 string
	//go:embed keys-2.txt
	keysOf2 string
)

// keySet holds the keys of a major version; those with a placeholder, such as metrics.reporter.<name>.interval, apart.
type keySet struct {
	plain map[string]bool
	old   map[string]bool // deprecated
	named []named
}

// named is a key around a name that the user chooses.
type named struct{ head, tail string }

var keySets = sync.OnceValue(func() map[string]keySet {
	return map[string]keySet{"1": newKeySet(keysOf1), "2": newKeySet(keysOf2)}
})

func newKeySet(list string) keySet {
	set := keySet{plain: map[string]bool{}, old: map[string]bool{}}
	for line := range strings.Lines(list) {
		key, mark, _ := strings.Cut(strings.TrimSpace(line), " ")
		set.old[key] = mark != ""
		before, rest, ok := strings.Cut(key, "<")
		if !ok {
			set.plain[key] = true
			continue
		}
		_, after, _ := strings.Cut(rest, ">")
		set.named = append(set.named, named{head: before, tail: after})
	}
	return set
}

func (s keySet) has(key string) bool {
	if s.plain[key] {
		return true
	}
	return slices.ContainsFunc(s.named, func(n named) bool {
		rest, ok := strings.CutPrefix(key, n.head)
		name, found := strings.CutSuffix(rest, n.tail)
		return ok && found && name != "" && !strings.Contains(name, ".")
	})
}

// KnownKey reports whether a major version of Flink ("1" or "2") has the configuration key, be it deprecated. For
// another version, or none, it is enough that one of them has it. What the lists were read from is in tools/rules.
func KnownKey(key, flinkMajor string) bool {
	sets := keySets()
	if set, ok := sets[flinkMajor]; ok {
		return set.has(key)
	}
	return sets["1"].has(key) || sets["2"].has(key)
}
