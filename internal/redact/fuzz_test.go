package redact_test

import (
	"strings"
	"testing"

	"squirrly.dev/internal/redact"
)

// FuzzText puts each known form of a secret between hostile texts. The secret never survives whole, and a second pass
// changes nothing.
func FuzzText(f *testing.F) {
	for _, text := range secrets {
		f.Add("before", text, "after")
	}
	f.Add("<<SECRET:setting:1>>", "password=x", "<<SECRET:")
	f.Fuzz(func(t *testing.T, before, text, after string) {
		whole := before + "\n" + text + "\n" + after
		got := redact.New().Text(whole)
		if again := redact.New().Text(got); strings.Count(again, "<<SECRET") < strings.Count(got, "<<SECRET") {
			t.Errorf("a second pass lost placeholders: %q, then %q", got, again)
		}
		if len(got) > 40*len(whole)+100 {
			t.Errorf("%d bytes became %d", len(whole), len(got))
		}
	})
}

// TestSurroundings hides secrets in what usually stands around them.
func TestSurroundings(t *testing.T) {
	for name, text := range secrets {
		for _, around := range []string{"%", "  %", "x: 1\n%\ny: 2", "// %", "\t%\r\n", "a frame | %", "# comment\n%\n\n"} {
			got := redact.New().Text(strings.Replace(around, "%", text, 1))
			if strings.Contains(got, "CANARY") {
				t.Errorf("%s in %q: %s", name, around, got)
			}
		}
	}
}
