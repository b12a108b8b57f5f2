package check

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzNumbers: the numbers of any text lie within it, in form, and masking keeps positions.
func FuzzNumbers(f *testing.F) {
	f.Add("It takes 97,3 % (1 180 samples), about two thirds, between 60 and 70 %, 3.2 TE.")
	f.Add("½ ٩٧ 1,2,3 1'000'000.5 ms k M −7 ×3 x 1e9 log4j2 a.b1.c R1 seventy-five percent")
	f.Fuzz(func(t *testing.T, text string) {
		text = clean(text[:min(len(text), 4000)])
		masked := maskNames(text)
		if len(masked) != len(text) {
			t.Fatalf("%d bytes became %d", len(text), len(masked))
		}
		for _, n := range numbers(masked) {
			if n.from < 0 || n.to > len(masked) || n.from >= n.to {
				t.Errorf("number %+v of %d bytes", n, len(masked))
			}
		}
		for _, s := range sentences(text) {
			if s == "" || !strings.Contains(text, s) {
				t.Errorf("sentence %q is not in the text", s)
			}
		}
	})
}

// FuzzClean: nothing that a terminal or a browser obeys is left, and cleaning twice changes nothing that matters.
func FuzzClean(f *testing.F) {
	f.Add("\x1b[31mred\x1b]0;title\x07 <script>alert(1)</script> a\u202eb\u200bc `x`")
	f.Add("<scr<script>ipt>")
	f.Fuzz(func(t *testing.T, text string) {
		got := clean(text)
		if strings.ContainsFunc(got, func(r rune) bool { return r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
			t.Errorf("control characters are left in %q", got)
		}
		if tag.MatchString(got) {
			t.Errorf("a tag is left in %q", got)
		}
		if utf8.ValidString(text) && !utf8.ValidString(got) {
			t.Errorf("%q is not valid", got)
		}
	})
}
