package check

import (
	"slices"
	"strings"

	"squirrly.dev/services/analyzer/internal/keys"
)

// learnKeys notes the keys that may be named whatever Flink runs: those of the findings, of the job's configuration, and
// those that its files speak of.
func (c *checker) learnKeys() {
	c.major, _, _ = strings.Cut(c.in.Analysis.FlinkVersion, ".")
	for _, key := range c.in.Allowed.Keys {
		c.keys[key] = true
	}
	for key := range c.in.Settings {
		c.keys[key] = true
	}
	said := slices.Clone(c.in.Files)
	for _, f := range c.facts {
		said = append(said, f.Text)
	}
	for _, text := range said {
		for _, name := range nameForm.FindAllString(text, -1) {
			if keys.Known(name, "") {
				c.keys[name] = true
			}
		}
	}
}

// isKey reports whether a name is a key that may be given a value.
func (c *checker) isKey(name string) bool { return c.keys[name] || keys.Known(name, c.major) }

// unknown says why a name may not be named, or nothing.
func (c *checker) unknown(name string) string {
	switch {
	case c.isKey(name):
		return ""
	case keys.Known(name, ""): // the texts of the rules name the keys of all versions
		return name + " is no key of Flink " + c.major
	case !c.lexicon.knows(name):
		return name + " is not in the data"
	}
	return ""
}
