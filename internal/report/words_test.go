package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

func TestWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{wording.Bytes(812), "812 B"},
		{wording.Bytes(1_463_870), "1.4 MiB"},
		{wording.Bytes(148_213), "145 KiB"},
		{wording.Bytes(1 << 40), "1024 GiB"},
		{capital("überall"), "Überall"},
		{capital(""), ""},
		{code("a"), "`a`"},
		{code("a`b"), "`` a`b ``"},
		{code(" a"), "`  a `"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		" a\r\nb\tc\u00a0d\u2028e ":                      "a  b c d e",
		"\x1b[31m\u202e\u2066\u200b\ufeff\U000e0041\x7f": "�[31m������",
		"日本語 ünïcödé →×µ ✓":                              "日本語 ünïcödé →×µ ✓",
		strings.Repeat("é", 3000):                        strings.Repeat("é", 2000) + " …",
		"a\u0300\u0301\u0302\u0303b":                     "a\u0300\u0301b",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want []string
	}{
		{"", 20, nil},
		{"one two three four five", 16, []string{"one two three", "four five"}},
		{"x " + strings.Repeat("y", 20), 16, []string{"x", strings.Repeat("y", 16), "yyyy"}},
		{"日本語日本語日本語", 16, []string{"日本語日本語日本", "語"}},
		{"see https://nightlies.apache.org/flink now", 16, []string{"see", "https://nightlies.apache.org/flink", "now"}},
	} {
		if diff := cmp.Diff(c.want, wrap(c.text, c.n)); diff != "" {
			t.Errorf("%q: %s", c.text, diff)
		}
	}
}

func TestShorten(t *testing.T) {
	for in, want := range map[string]string{
		"short":                    "short",
		"org.apache.flink.Map.map": "org.a….map",
		"日本語日本語":                   "日本…本語",
		"":                         "",
	} {
		if got := shorten(in, 10); got != want {
			t.Errorf("shorten(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestWebLinks(t *testing.T) {
	for link, want := range map[string]bool{
		"https://nightlies.apache.org/flink/docs/?x=1#y": true,
		"https://host":               true,
		"http://host/":               false,
		"https://user@host/":         false,
		"https://host:8443/":         false,
		"javascript:alert(1)":        false,
		"https://host/<script>":      false,
		"https://host/a)b":           false,
		"https://host/\"x":           false,
		"docs/dev/datastream/":       false,
		" https://host/":             false,
		"https://host/\u202egnp.exe": false,
	} {
		if isWebLink(link) != want {
			t.Errorf("%q: %t", link, !want)
		}
	}
}

// TestStarvedTiles: a lack of CPU is of no function, and its bound is the one that the next limit allows.
func TestStarvedTiles(t *testing.T) {
	v := view{Analysis: events.Analysis{Verdict: events.Verdict{
		Limit: events.LimitCPU, VertexName: "parse", P: 0.65, Bound: 1.6, NextLimit: "Source: in", Confidence: events.ConfidenceHigh,
	}}}
	tiles := htmlPage{view: v}.Tiles()
	want := []pair{
		{Name: "of the time that is ready to run, without a CPU", Text: "65 %"},
		{Name: "upper bound of the speed-up, then limited by Source: in", Text: "1.6×"},
		{Name: "confidence", Text: "high"},
	}
	if diff := cmp.Diff(want, tiles); diff != "" {
		t.Error(diff)
	}
	if facts := v.VerdictFacts(); len(facts) == 0 || facts[0].Text != "1.6×, then limited by Source: in" {
		t.Errorf("%v", facts)
	}
}
