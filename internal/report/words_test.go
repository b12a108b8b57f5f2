package report

import (
	"regexp"
	"strconv"
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

// TestGain: an analysis of before has the bound alone, and of a vertex that limits as much at once there is nothing to gain.
func TestGain(t *testing.T) {
	for _, c := range []struct {
		verdict events.Verdict
		want    string
	}{
		{events.Verdict{Gain: "At most 2.0×, whatever else."}, "At most 2.0×, whatever else."},
		{events.Verdict{Bound: 1.6, NextLimit: "Source: in"}, "At most 1.6× the throughput, then Source: in limits."},
		{events.Verdict{Bound: 33}, "At most 33× the throughput."},
		{events.Verdict{NextLimit: "sine"}, ""},
		{events.Verdict{}, ""},
	} {
		if got := (view{Analysis: events.Analysis{Verdict: c.verdict}}).Gain(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.verdict, got, c.want)
		}
	}
}

// A number stays with its sign and its unit at every width.
func TestNoNumberIsTorn(t *testing.T) {
	text := "It takes 0.75 threads, 75 % (± 7.0 %) of the time of visits: 1,180 samples, at most 0 % backpressured, 53.2 MiB, 4.0 × 2, 862 records/s and 1.2 cores."
	for n := 24; n < 120; n++ {
		lines := wrap(text, n)
		if got := strings.Join(lines, " "); got != text {
			t.Fatalf("%d: %q", n, got)
		}
		for _, line := range lines {
			if cells(line) > n {
				t.Errorf("%d: a line of %d: %q", n, cells(line), line)
			}
			if regexp.MustCompile(`^(%|samples|threads|MiB|records/s|cores)|[±×(]$|0.75$`).MatchString(line) {
				t.Errorf("%d: torn: %q", n, lines)
			}
		}
	}
}

// Every edge of a job is told once, whatever its shape.
func TestGraph(t *testing.T) {
	for _, c := range []struct {
		edges string // vertex<inputs
		want  []string
	}{
		{"a b<a c<b", []string{"a → [b] → c"}},
		{"a b c<a,b d<c", []string{"a → c → d", "b → c"}},
		{"a b<a c<a d<b,c", []string{"a → [b] → d", "a → c → d"}},
		{"a b<a c", []string{"a → [b]", "c"}},
		{"a b", nil},
		{"a b<x,a", []string{"a → [b]"}},
		{"a<b b<a", []string{"a → [b] → a"}},
		{"a<a", []string{"a → a"}},
	} {
		var v view
		for text := range strings.FieldsSeq(c.edges) {
			name, inputs, _ := strings.Cut(text, "<")
			x := events.VertexLoad{Name: name}
			if inputs != "" {
				x.Inputs = strings.Split(inputs, ",")
			}
			if name == "b" && !strings.HasPrefix(c.edges, "a b c<") {
				x.Role = "limit"
			}
			v.Vertices = append(v.Vertices, x)
		}
		var got []string
		for _, line := range v.Graph() {
			got = append(got, strings.Join(names(line), arrow))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.edges, diff)
		}
	}
}

// Frames lie within those that call them, also when their numbers do not agree.
func TestFlameIsPlaced(t *testing.T) {
	bars := placed(&events.Flame{Samples: 100, Frames: []events.FlameFrame{
		{Name: "a", Depth: 0, Samples: 80},
		{Name: "b", Depth: 1, Samples: 50},
		{Name: "c", Depth: 1, Samples: 90},
		{Name: "d", Depth: 9, Samples: 5},
		{Name: "e", Depth: -1, Samples: 500},
		{Name: "f", Depth: 0, Samples: -3},
	}})
	var got []string
	for _, b := range bars {
		got = append(got, b.Name+" "+b.At+" "+b.Wide+" "+strconv.Itoa(b.Top))
	}
	want := []string{"a 0.00% 80.00% 0", "b 0.00% 50.00% 24", "c 50.00% 30.00% 24", "d 50.00% 5.00% 48", "e 80.00% 20.00% 0", "f 100.00% 0.00% 0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCaptureLinks(t *testing.T) {
	for key, want := range map[string]string{
		"local/c/job/run/captures/tm-1-WALL-06bf.html": "captures/tm-1-WALL-06bf.html",
		"captures/x.html":                     "captures/x.html",
		"a/captures/../../../etc/x.html":      "",
		"a/captures/x.html.gz":                "",
		"a/captures/x\" onclick=\"a.html":     "",
		"a/captures/javascript:alert(1).html": "",
		"a/other/x.html":                      "",
		"":                                    "",
	} {
		if got := captureLink(key); got != want {
			t.Errorf("%q leads to %q, want %q", key, got, want)
		}
	}
}

// A name is cut between words where they are half of what fits, and within one otherwise.
func TestShortenWords(t *testing.T) {
	const columns = 15
	letters, long := "abcdefghijklmnopqrstuvwxyz", strings.Repeat("a b", 100)
	for name, want := range map[string]string{
		"Source: ticks -> records": "Source…records", "validate -> distance": "validate…", "distances: Writer": "distances…",
		"KryoSerializer.copyAll": "KryoSerializer…", "short": "short",
		letters: shorten(letters, columns), long: shorten(long, columns),
	} {
		if got := shortenWords(name, columns); got != want || cells(got) > columns {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
