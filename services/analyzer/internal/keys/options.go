package keys

import (
	_ "embed" // the lists of options
	"slices"
	"strings"
	"sync"
)

// The options of Flink's configuration, read from the classes of 1.20.5 and 2.3.0 by tools/options: a key, its type, its
// default, and for an old key the one that took its place, or "deprecated" when none did. `make names` writes them anew.
//
//go:generate sh -c "java -cp \"$CACHE/flink/1.20.5/lib/*:$CACHE/flink/1.20.5/names/*\" ../../tools/options/Options.java options-1.tsv"
//go:generate sh -c "java -cp \"$CACHE/flink/2.3.0/lib/*:$CACHE/flink/2.3.0/names/*\" ../../tools/options/Options.java options-2.tsv"
var (
	//go:embed options-1.tsv
	optionsOf1 string
	//go:embed options-2.tsv
	optionsOf2 string
)

// option is what a version of Flink says of a key.
type option struct {
	kind  Type
	value string // the default; empty when there is none, or it depends on the machine
	now   string // of an old key: the one to use, or deprecated when there is none
}

// deprecated marks an option that nothing replaces.
const deprecated = "deprecated"

// release holds the options of a major version of Flink.
type release struct {
	options map[string]option
	before  map[string][]string // the old keys of an option
	named   [][]string          // those with a placeholder, by part
}

// Each list is parsed when it is asked for: most runs need one of them.
var (
	release1 = sync.OnceValue(func() *release { return newRelease(optionsOf1) })
	release2 = sync.OnceValue(func() *release { return newRelease(optionsOf2) })
)

// releases are the versions that a version of Flink ("1.20.5", "2"; empty is unknown) stands for, the newest first. One
// that has no list of its own may be any.
func releases(flink string) []*release {
	switch major, _, _ := strings.Cut(flink, "."); major {
	case "1":
		return []*release{release1()}
	case "2":
		return []*release{release2()}
	}
	return []*release{release2(), release1()}
}

func newRelease(list string) *release {
	r := &release{options: make(map[string]option, strings.Count(list, "\n")), before: map[string][]string{}}
	for line := range strings.Lines(list) {
		key, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		kind, rest, _ := strings.Cut(rest, "\t")
		value, now, _ := strings.Cut(rest, "\t")
		r.options[key] = option{kind: Type(kind), value: value, now: now}
		if now != "" && now != deprecated {
			r.before[now] = append(r.before[now], key)
		}
		if strings.Contains(key, "<") {
			r.named = append(r.named, strings.Split(key, "."))
		}
	}
	return r
}

func (r *release) has(key string) bool {
	if strings.Contains(key, "<") {
		return false // a form of keys, and none
	}
	if _, ok := r.options[key]; ok {
		return true
	}
	parts := strings.Split(key, ".")
	return slices.ContainsFunc(r.named, func(form []string) bool {
		return slices.EqualFunc(form, parts, func(want, part string) bool {
			return want == part || strings.HasPrefix(want, "<") && part != ""
		})
	})
}

// current returns the key that a version spells an option with, given any of its keys.
func (r *release) current(key string) string {
	for range 3 { // an option was renamed twice at most
		now := r.options[key].now
		if now == "" || now == deprecated {
			break
		}
		key = now
	}
	return key
}

// Known reports whether a version of Flink ("1.20.5", "2"; its first number counts) has a configuration key, be it
// deprecated. For another version, or none, it is enough that one of them has it.
func Known(key, flink string) bool {
	return slices.ContainsFunc(releases(flink), func(r *release) bool { return r.has(key) })
}

// Deprecated reports whether a version of Flink has a key only for those who still use it. For an unknown version it must
// be so in each that has the key.
func Deprecated(key, flink string) bool {
	found := false
	for _, r := range releases(flink) {
		if o, ok := r.options[key]; ok {
			if o.now == "" {
				return false
			}
			found = true
		}
	}
	return found
}

// Current returns how a version of Flink spells the option that a key names: the key itself unless it is an old one. For an
// unknown version the newest one that has the key is asked.
func Current(key, flink string) string {
	for _, r := range releases(flink) {
		if r.has(key) {
			return r.current(key)
		}
	}
	return key
}

// spellings are all keys of the option that a key names, the current one first.
func spellings(key, flink string) []string {
	out := []string{Current(key, flink)}
	for _, r := range releases(flink) {
		for _, now := range slices.Clone(out) {
			out = append(out, r.before[now]...)
		}
	}
	return append(out, key)
}

// lookup returns what a version of Flink says of the option that a key names.
func lookup(key, flink string) (option, bool) {
	for _, r := range releases(flink) {
		if o, ok := r.options[r.current(key)]; ok {
			return o, true
		}
	}
	return option{}, false
}

// All returns every key of a version of Flink, old ones too, sorted. For an unknown version it returns those of all.
func All(flink string) []string {
	var out []string
	for _, r := range releases(flink) {
		for key := range r.options {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
