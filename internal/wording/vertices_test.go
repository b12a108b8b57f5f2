package wording_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"squirrly.dev/internal/wording"
)

func TestLabel(t *testing.T) {
	list := strings.Repeat("CAST(`price` AS DECIMAL(38, 18)) AS `price`, ", 400)
	for name, want := range map[string]string{
		"sine":                             "sine",
		"Join[10] -> Calc[11]":             "Join[10] -> Calc[11]",
		"Source: numbers -> (even, odd)":   "Source: numbers -> (even, odd)",
		"Window(TumblingEventTimeWindows)": "Window(TumblingEventTimeWindows)",
		"":                                 "",
		"源: 订单 -> 映射":                      "源: 订单 -> 映射",
		"a\nb\x1b[31m":                     "a b [31m",
		"Calc(select=[" + list + "])[5]":   "Calc[5]",
		"Calc(select=[" + list:             "Calc(select=[CAST AS `pr…ST AS `price`,",
		"Join(" + list + ") -> Calc(" + list + ") -> Sink: out":                           "Join -> Calc -> Sink: out",
		"Source: orders -> Filter -> Map -> Timestamps/Watermarks -> Map -> Sink: Writer": "Source: orders -> Filter…-> Sink: Writer",
		"Window(TumblingEventTimeWindows(5000), EventTimeTrigger, Sum) -> Sink: out":      "Window -> Sink: out",
	} {
		if got := wording.Label(name); got != strings.TrimSpace(want) {
			t.Errorf("%.60q:\n got %q\nwant %q", name, got, want)
		}
	}
}

// Whatever the names: as many labels, none too long, none twice, and the same ones each time.
func TestLabels(t *testing.T) {
	long := strings.Repeat("ü", 16_000)
	same := make([]string, 2000)
	for i := range same {
		same[i] = long
	}
	for name, names := range map[string][]string{
		"none": nil, "two alike": {"Map", "Map", "Map #2", "Map"}, "same": same, "empty": {"", "", " "},
		"brackets": {strings.Repeat("(", 16_000), strings.Repeat("a(", 16_000), strings.Repeat(")", 16_000)},
		"no text":  {strings.Repeat("\xff\xfe", 100), "\x00\x01"},
	} {
		labels := wording.Labels(names)
		seen := map[string]bool{}
		for i, l := range labels {
			if utf8.RuneCountInString(l) > wording.MaxLabel || seen[l] || !utf8.ValidString(l) {
				t.Fatalf("%s: label %d is %q", name, i, l)
			}
			seen[l] = true
		}
		if len(labels) != len(names) {
			t.Errorf("%s: %d labels of %d names", name, len(labels), len(names))
		}
	}
	if got := wording.Labels([]string{"Map", "Map"}); got[0] != "Map" || got[1] != "Map #2" {
		t.Errorf("two alike are %q", got)
	}
}
