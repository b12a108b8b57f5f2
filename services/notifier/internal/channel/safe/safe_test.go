package safe_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"squirrly.dev/services/notifier/internal/channel/safe"
)

func TestCut(t *testing.T) {
	for _, c := range []struct {
		in   string
		most int
		want string
	}{
		{"orders", 6, "orders"}, {"orders", 5, "orde…"}, {"漢字漢字", 3, "漢字…"}, {"😀😀", 1, ""}, {"x", 0, ""}, {"", 3, ""},
	} {
		if got := safe.Cut(c.in, c.most); got != c.want {
			t.Errorf("%q to %d: %q, want %q", c.in, c.most, got, c.want)
		}
	}
}

func TestWriters(t *testing.T) {
	for name, c := range map[string]struct {
		write    func(string) string
		in, want string
	}{
		"slack":             {safe.Slack, "<!here> a & `b` <http://x|y>", "&lt;!here&gt; a &amp; 'b' &lt;http://x|y&gt;"},
		"slack, harmless":   {safe.Slack, "Vertex enrich: 90 %, up to 3.5×", "Vertex enrich: 90 %, up to 3.5×"},
		"chat, harmless":    {safe.Chat, "Vertex enrich (1 of 2): 90 %, f_x", "Vertex enrich (1 of 2): 90 %, f_x"},
		"chat, everyone":    {safe.Chat, "@everyone", "@\u200beveryone"},
		"chat, picture":     {safe.Chat, "![x](http://e/p.png)", "!\u200b[x]\u200b(http:\u200b//e/p.png)"},
		"markdown, issue":   {safe.Markdown, "see #12 and a#1", `see #&#8203;12 and a#&#8203;1`},
		"markdown, picture": {safe.Markdown, "![x](https://e/p.png)", `!\[x\](https\://e/p.png)`},
		"markdown, mention": {safe.Markdown, "@torvalds", "@&#8203;torvalds"},
		"markdown, comment": {safe.Markdown, "<!-- x -->", `\<!-- x --\>`},
		"line":              {safe.Line, "a\x1b[2J\nb\u202e", "a[2Jb"},
		"link":              {safe.Link, "https://squirrly.example/runs/1?x=1#f", "https://squirrly.example/runs/1?x=1#f"},
		"script":            {safe.Link, "javascript:alert(1)", ""},
		"credentials":       {safe.Link, "https://a:b@squirrly.example", ""},
		"broken out of":     {safe.Link, "https://e/x|y>", ""},
		"quotes":            {safe.Link, `https://e/"onload=x`, ""},
		"no link":           {safe.Link, "", ""},
	} {
		if got := c.write(c.in); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// What is written stays within its size, is valid, and nothing in it is torn.
func FuzzFit(f *testing.F) {
	f.Add("a & b <c>", 7)
	f.Add("😀é漢\xff", 5)
	f.Fuzz(func(t *testing.T, s string, most int) {
		most %= 200
		got := safe.Fit(s, most, safe.Slack, utf8.RuneCountInString)
		if n := utf8.RuneCountInString(got); n > max(most, 0) || !utf8.ValidString(got) {
			t.Errorf("%d of %d: %q", n, most, got)
		}
		if strings.Contains(strings.NewReplacer("&amp;", "", "&lt;", "", "&gt;", "").Replace(got), "&") {
			t.Errorf("torn: %q", got)
		}
		if strings.ContainsAny(got, "<>") {
			t.Errorf("not escaped: %q", got)
		}
	})
}
