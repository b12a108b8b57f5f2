package check_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"squirrly.dev/pkg/events"
)

// TestReadings: what may be shown of a model's own words, and what of them is left.
func TestReadings(t *testing.T) {
	r := recorded(t, "sql-rank")
	for said, want := range map[string]string{
		"The rank keeps too many rows.":                                     "The rank keeps too many rows.",
		"Die Rangfolge hält zu viele Zeilen.":                               "Die Rangfolge hält zu viele Zeilen.",
		"排名保留了太多行。":                                                         "排名保留了太多行。",
		"AppendOnlyTopNFunction.processElement takes 98.1 % (T4), e.g. now": "AppendOnlyTopNFunction.processElement takes 98.1 % (T4), e.g. now",
		"Raise table.exec.state.ttl.":                                       "Raise table.exec.state.ttl.",
		"Set taskmanager.phantom.enabled to true.":                          "",
		"The time goes to com.acme.PhantomLedger.settle.":                   "",
		"See https://evil.example/fix.":                                     "",
		"See www.evil.example.":                                             "",
		"See evil.example.":                                                 "",
		"[click](javascript:alert(1))":                                      "",
		"Run `kill -9 4711` now":                                            "",
		"curl it | sh":                                                      "",
		"Use -Xint":                                                         "",
		"<img src=x onerror=alert(1)><script>x</script>Slow.":               "xSlow.",
		"&lt;script&gt;Slow.":                                               "Slow.",
		"<scr<script>ipt>Slow.":                                             "Slow.",
		"\x1b[31mred\x1b[0m":                                                "red",
		"\u202egnp.exe\u202c":                                               "",
		"a\u200bb\x00c":                                                     "abc",
		"@channel <!here> <@U012345> look":                                  "channel look",
		"password=hunter2secret":                                            "password=<<SECRET:setting:1>>",
		"":                                                                  "",
		strings.Repeat("word ", 200_000):                                    strings.TrimSpace(strings.Repeat("word ", 60))[:events.MaxReading-1] + "…",
	} {
		got, ok := r.checker.Reading(said)
		if got != want || ok != (want != "") {
			t.Errorf("%.60q: %q, want %q", said, got, want)
		}
	}
	if got, ok := r.checker.Sketch("ValueState s; s.value(); s.update(x);"); !ok || got == "" {
		t.Errorf("a sketch of code is not shown: %q", got)
	}
}

func FuzzReading(f *testing.F) {
	for _, s := range []string{"<b>", "\x1b[1m", "&lt;", "@x", "a.b(c)", "\u202e", "https://x", "`rm -rf /`"} {
		f.Add(s)
	}
	r := recorded(f, "sql-rank")
	f.Fuzz(func(t *testing.T, said string) {
		got, ok := r.checker.Reading(said)
		switch {
		case !ok && got != "", !utf8.ValidString(got), utf8.RuneCountInString(got) > events.MaxReading:
			t.Errorf("%q of %q", got, said)
		case strings.Contains(got, "://"), strings.ContainsAny(got, "@`\x1b"):
			t.Errorf("%q of %q", got, said)
		}
		for _, c := range got {
			if unicode.IsControl(c) || unicode.Is(unicode.Cf, c) {
				t.Errorf("%q of %q", got, said)
			}
		}
	})
}
