package mechanisms

import (
	"regexp"
	"strings"
	"testing"
)

// TestConfigKeys holds the keys of the fixes against those of real Flinks.
func TestConfigKeys(t *testing.T) {
	for _, r := range Default().Mechanisms {
		for _, c := range r.Settings() {
			majors := []string{"1", "2"}
			if c.Flink != "" {
				majors = []string{c.Flink}
			}
			for _, major := range majors {
				if !KnownKey(c.Key, major) {
					t.Errorf("rule %s: Flink %s has no key %s; run go generate ./internal/mechanisms if it is new", r.ID, major, c.Key)
				}
				if keySets()[major].old[c.Key] {
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
	for key := range strings.FieldsSeq(keysOf1 + keysOf2) {
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
				if !KnownKey(key, "") {
					t.Errorf("rule %s: no Flink has a key %s", r.ID, key)
				}
			}
		}
	}
	if named == 0 {
		t.Error("no text names a key")
	}
}

func TestKnownKey(t *testing.T) {
	for _, test := range []struct {
		key, major string
		want       bool
	}{
		{"pipeline.object-reuse", "1", true},
		{"pipeline.object-reuse", "2", true},
		{"pipeline.object-reuse", "", true},
		{"pipeline.object-reuse", "3", true},
		{"pipeline.object-reus", "", false},
		{"taskmanager.network.memory.buffers-per-channel", "1", true}, // gone in 2.0
		{"taskmanager.network.memory.buffers-per-channel", "2", false},
		{"state.backend", "2", true}, // deprecated
		{"table.exec.mini-batch.enabled", "1", true},
		{"metrics.reporter.prom.interval", "1", true},
		{"metrics.reporter.a.b.interval", "1", false},
		{"metrics.reporter..interval", "1", false},
		{"", "", false},
	} {
		if got := KnownKey(test.key, test.major); got != test.want {
			t.Errorf("KnownKey(%q, %q) = %t", test.key, test.major, got)
		}
	}
}
