package mechanisms

import (
	"maps"
	"strings"
	"testing"
	"testing/fstest"
)

func TestDefaultCatalogue(t *testing.T) {
	c := Default()
	for id := range strings.FieldsSeq("A1 A2 A6 A10 A16 A17 A19 B1 B2 C1 C4 C5 C13 D1 D2 E1") {
		if c.Mechanism(id) == nil {
			t.Errorf("rule %s is missing", id)
		}
	}
	if len(c.Idle) < 9 {
		t.Errorf("%d idle paths, want at least 9", len(c.Idle))
	}
	if len(c.Version) != 12 {
		t.Errorf("version %q", c.Version)
	}
}

func TestLoadRefuses(t *testing.T) {
	const rule = "- {id: A1, title: t, category: c, modes: [wall], below: task, frames: [x.y], warning: 0.1, cause: c, fix: {change: a, why: b, effort: code}}\n"
	good := fstest.MapFS{}
	for _, name := range groups {
		good[name] = &fstest.MapFile{Data: []byte("[]\n")}
	}
	good["idle.yaml"] = &fstest.MapFile{Data: []byte("[]\n")}
	good["frames.yaml"] = &fstest.MapFile{Data: []byte("waits: []\n")}
	good["state.yaml"] = &fstest.MapFile{Data: []byte(rule)}
	if _, err := Load(good); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ data, want string }{
		"unknown key":      {strings.Replace(rule, "title", "titel", 1), "titel"},
		"no modes":         {strings.Replace(rule, "[wall]", "[]", 1), "no modes"},
		"unknown mode":     {strings.Replace(rule, "[wall]", "[walls]", 1), "walls"},
		"thresholds":       {strings.Replace(rule, "0.1", "0.1, critical: 0.01", 1), "thresholds"},
		"empty step":       {strings.Replace(rule, "x.y", "'x > '", 1), "empty"},
		"matches all":      {strings.Replace(rule, "x.y", "'x > *'", 1), "everything"},
		"unknown class":    {strings.Replace(rule, "x.y", "'@users'", 1), "@users"},
		"twice":            {rule + rule, "twice"},
		"broad override":   {rule + strings.Replace(rule, "id: A1", "id: A2, broad: true, overrides: [A1]", 1), "A1"},
		"unknown override": {strings.Replace(rule, "warning", "overrides: [A9], warning", 1), "A9"},
		"unknown cause":    {strings.Replace(rule, "warning", "effectOf: [A9], warning", 1), "effect of A9"},
		"no detector":      {strings.Replace(rule, "modes: [wall]", "modes: [metrics]", 1), "detector"},
		"one detector":     {strings.Replace(rule, "warning", "by: skew, warning", 1) + strings.Replace(rule, "id: A1", "id: A2, by: skew", 1), "both by skew"},
		"unknown rank":     {strings.Replace(rule, "warning", "outranks: [A9], warning", 1), "outrank A9"},
		"effort":           {strings.Replace(rule, "effort: code", "effort: much", 1), "effort"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := maps.Clone(good)
			dir["state.yaml"] = &fstest.MapFile{Data: []byte(test.data)}
			if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one about %q", err, test.want)
			}
		})
	}
}

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		glob, name string
		want       bool
	}{
		{"a.B.c", "a.B.c", true},
		{"a.B.c", "a.B.cd", false},
		{"a.*.c", "a.b.B.c", true},
		{"*.c", "a.c", true},
		{"*.c", "a.cd", false},
		{"a.B.*", "a.B.", true},
		{"a*a", "a", false},
		{"*futex*wait*", "__futex_abstimed_wait_common", true},
		{"G1*::*", "G1ParScanThreadState::copy", true},
		{"*Serializer*.copy", "x.PojoSerializer.copy", true},
	} {
		if got := Match(test.glob, test.name); got != test.want {
			t.Errorf("Match(%q, %q) = %v", test.glob, test.name, got)
		}
	}
}

func TestRecommendationByVersion(t *testing.T) {
	r := &Mechanism{Fix: Fix{
		Links:  []string{"docs/x/"},
		Config: []Config{{Key: "old", Flink: "1"}, {Key: "new", Flink: "2"}, {Key: "both"}},
	}}
	one, two := r.Recommendation("1.20.5"), r.Recommendation("2.3.0")
	if len(one.Config) != 2 || one.Config[0].Key != "old" || len(two.Config) != 2 || two.Config[0].Key != "new" {
		t.Errorf("config keys: %v and %v", one.Config, two.Config)
	}
	if !strings.Contains(one.Links[0], "1.20") || !strings.HasSuffix(two.Links[0], "docs/x/") {
		t.Errorf("links: %v and %v", one.Links, two.Links)
	}
}
