package report_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"squirrly.dev/pkg/events"
)

// What is proven comes first, and what is not is marked wherever it stands.
func TestSupportedFindingsAreMarked(t *testing.T) {
	for format, sections := range map[string]int{
		"txt": 1, "full.txt": 1, "md": 1, "html": 1, "sections.txt": 3, "sections.md": 3, "sections.html": 3,
	} {
		out := write(t, format, sleepy())
		if n := strings.Count(out, "supported, not proven"); n != sections {
			t.Errorf("%s: marked %d times, want once in each section of findings", format, n)
		}
		if first, last := strings.Index(out, "Kryo serialises"), strings.Index(out, "Records copied"); first < 0 || last < first {
			t.Errorf("%s: the supported finding stands before a proven one", format)
		}
		if even := strings.Join(strings.Fields(out), " "); format != "txt" && !strings.Contains(even, "It may also be Kryo serialises a generic type (B1)") {
			t.Errorf("%s: what else it may be does not stand beside the finding", format)
		}
		for _, a := range []events.Analysis{calm(), degraded()} {
			out := write(t, format, a)
			if _, body, ok := strings.Cut(out, "<body>"); ok { // without the style
				out = body
			}
			for _, word := range []string{"proven\b", "model", "claim"} {
				if regexp.MustCompile(word).MatchString(out) {
					t.Errorf("%s: an analysis by rules says %s", format, word)
				}
			}
		}
	}
	later := sleepy()
	later.Findings[0].Proof = "likely"
	if out := write(t, "txt", later); !strings.Contains(out, " · not proven · ") {
		t.Errorf("a proof of a later version is not marked:\n%s", out)
	}
}

// Each reading is shown once, below the words that say what it is.
func TestReadingsStandApart(t *testing.T) {
	for _, format := range []string{"full.txt", "md"} {
		out := strings.Join(strings.Fields(write(t, format, sleepy())), " ")
		before, after, _ := strings.Cut(out, "The model suggests (not verified)")
		for _, reading := range []string{"a throttle from a load test", "Der Zweig sine scheint"} {
			if strings.Contains(before, reading) || strings.Count(after, reading) != 1 {
				t.Errorf("%s: %q stands elsewhere, too", format, reading)
			}
		}
	}
	for _, n := range nodes(t, write(t, "html", sleepy())) {
		if n.Data == "li" && strings.Contains(textOf(n), "throttle") {
			for n.Data != "details" && n.Data != "body" {
				n = n.Parent
			}
			if n.Data != "details" || attribute(n, "open") != "" || !strings.Contains(textOf(n), "not verified") || n.Parent.Data != "article" {
				t.Error("html: the reading is not folded below its finding")
			}
		}
	}
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

func TestReadingsAreShort(t *testing.T) {
	a := sleepy()
	for i := range 12 {
		a.Readings = append(a.Readings, events.Reading{Kind: events.ReadingCause, Text: fmt.Sprintf("no. %d %s", i, strings.Repeat("x ", 1000))})
	}
	for _, format := range []string{"full.txt", "md"} {
		if out := write(t, format, a); strings.Contains(out, strings.Repeat("x ", 150)) || !strings.Contains(out, "no. 11") {
			t.Errorf("%s: a reading is not cut, or left out", format)
		}
	}
	if out := write(t, "txt", a); strings.Contains(out, "no. 1") || !strings.Contains(out, "16 suggestions of the") {
		t.Errorf("the short text tells what nobody has verified:\n%s", out)
	}
}

// Analyses of before are told in the words that they were made with.
func TestClaimsOfTheModel(t *testing.T) {
	half := 0.5
	for _, c := range []struct {
		claims *events.Claims
		want   string
	}{
		{&events.Claims{Verified: 2}, "2 of 2 hold\n"},
		{&events.Claims{Verified: 1, Dropped: 3, Refuted: 1, Undecided: 2}, "1 of 4 hold (1 refuted, 2 undecided)\n"},
		{&events.Claims{}, "none\n"},
		{&events.Claims{Verified: 22, Corrected: 1, Dropped: 1}, "22 verified, 1 corrected, 1 dropped; grounding 50 %\n"},
		{&events.Claims{Verified: 22, Dropped: 1}, "22 verified, 0 corrected, 1 dropped; grounding 50 %\n"},
		{nil, "grounding 50 %\n"},
	} {
		a := sleepy()
		a.Provenance.Claims, a.Provenance.Grounding = c.claims, &half
		if out := write(t, "full.txt", a); !strings.Contains(out, "Claims of the LLM  "+c.want) {
			t.Errorf("%+v is not told as %q", c.claims, c.want)
		}
	}
	before := sleepy()
	before.Findings[1].Proof = ""
	if out := write(t, "full.txt", before); !strings.Contains(out, "by rules, in words of the LLM") {
		t.Error("a finding that a model explained hides it")
	}
}
