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
	const rule = "- {id: A1, title: t, layer: runtime, category: c, fires: {modes: [wall], below: task, frames: [x.y], warning: 0.1}, " +
		"cause: c, changes: [{do: a, why: b, effort: code}]}\n"
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
		"unknown override": {strings.Replace(rule, "fires", "overrides: [A9], fires", 1), "A9"},
		"unknown cause":    {strings.Replace(rule, "fires", "effectOf: [A9], fires", 1), "effect of A9"},
		"no detector":      {strings.Replace(rule, "modes: [wall]", "modes: [metrics]", 1), "detector"},
		"one detector":     {strings.Replace(rule, "warning", "by: skew, warning", 1) + strings.NewReplacer("id: A1", "id: A2", "warning", "by: skew, warning").Replace(rule), "both by skew"},
		"unknown rank":     {strings.Replace(rule, "fires", "outranks: [A9], fires", 1), "outrank A9"},
		"other layer":      {rule + strings.NewReplacer("id: A1", "id: A2, overrides: [A1]", "runtime", "application").Replace(rule), "override A1"},
		"no layer":         {strings.Replace(rule, "layer: runtime, ", "", 1), "layer"},
		"two in one":       {strings.Replace(rule, "cause", "needs: [{api: sql, flink: '2'}], cause", 1), "one part"},
		"no such measure":  {strings.Replace(rule, "cause", "refutes: [{not: {measure: {of: luck}}}], cause", 1), "luck"},
		"no such api":      {strings.Replace(rule, "cause", "needs: [{any: [{api: python}]}], cause", 1), "python"},
		"broken text":      {strings.Replace(rule, "cause: c", "cause: 'c {{with}}'", 1), "text"},
		"no value":         {strings.Replace(rule, "do: a", "do: a, set: [{key: a.b}]", 1), "a.b"},
		"when of always":   {strings.Replace(rule, "do: a", "do: a, when: perhaps", 1), "always"},
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

func TestChangeByVersion(t *testing.T) {
	c := &Change{Links: []string{"docs/x/"}, Set: []Setting{{Key: "old", Flink: "1"}, {Key: "new", Flink: "2"}, {Key: "both"}}}
	one, two := c.In("1.20.5"), c.In("2.3.0")
	if len(one) != 2 || one[0].Key != "old" || len(two) != 2 || two[0].Key != "new" || len(c.In("")) != 3 {
		t.Errorf("settings: %v and %v", one, two)
	}
	if old, now := c.Pages("1.20.5"), c.Pages("2.3.0"); !strings.Contains(old[0], "1.20") || !strings.HasSuffix(now[0], "docs/x/") {
		t.Errorf("links: %v and %v", old, now)
	}
}
