package mechanisms

import (
	"regexp"
	"strings"
	"testing"

	"squirrly.dev/services/analyzer/internal/keys"
)

// TestConfigKeys holds the keys of the fixes against those of real Flinks.
func TestConfigKeys(t *testing.T) {
	for _, r := range Default().Mechanisms {
		for _, c := range r.Settings() {
			majors := []string{"1", "2"}
			if c.Flink != "" {
				majors = []string{c.Flink}
			}
			if _, ok := keys.Lookup(c.Key); !ok {
				t.Errorf("rule %s: keys.yaml says nothing of %s", r.ID, c.Key)
			}
			for _, major := range majors {
				if !keys.Known(c.Key, major) {
					t.Errorf("rule %s: Flink %s has no key %s; run make names if it is new", r.ID, major, c.Key)
				}
				if keys.Deprecated(c.Key, major) {
					t.Errorf("rule %s: Flink %s deprecates %s; name the key that it has instead", r.ID, major, c.Key)
				}
			}
		}
	}
}

// keyInText is what reads like a key in a text.
var keyInText = regexp.MustCompile(`\b[a-z][\w-]*(?:\.[a-z][\w-]*)+`)

// TestKeysInTexts holds the keys that the texts name against those of real Flinks: each must be one of either version.
func TestKeysInTexts(t *testing.T) {
	heads := map[string]bool{} // of keys: state, taskmanager …
	for _, key := range keys.All("") {
		if head, _, ok := strings.Cut(key, "."); ok {
			heads[head] = true
		}
	}
	named := 0
	for _, r := range Default().Mechanisms {
		for _, text := range r.Texts() {
			for _, key := range keyInText.FindAllString(text, -1) {
				if head, _, _ := strings.Cut(key, "."); !heads[head] {
					continue
				}
				named++
				if !keys.Known(key, "") {
					t.Errorf("rule %s: no Flink has a key %s", r.ID, key)
				}
			}
		}
	}
	if named == 0 {
		t.Error("no text names a key")
	}
}
