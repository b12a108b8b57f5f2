package report_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

// TestHostileNames: whatever a job calls its vertices, frames and itself, and whatever a model says, no form of the report
// runs a script, loads a picture, obeys a terminal's sequence, or calls somebody.
func TestHostileNames(t *testing.T) {
	for format := range formats {
		t.Run(format, func(t *testing.T) {
			out := write(t, format, hostile())
			for i, r := range out {
				if r != '\n' && r != '\u00a0' && !unicode.IsPrint(r) {
					t.Fatalf("%U at %d", r, i)
				}
			}
			page := out
			switch {
			case strings.HasSuffix(format, "md"):
				if called := regexp.MustCompile("@[A-Za-z0-9]").FindString(outsideCode(out)); called != "" {
					t.Errorf("calls %s", called)
				}
				var rendered strings.Builder
				if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(out), &rendered); err != nil {
					t.Fatal(err)
				}
				page = rendered.String()
			case !strings.HasSuffix(format, "html"):
				return
			}
			for _, n := range nodes(t, page) {
				if contains([]string{"script", "img", "image", "iframe", "object", "embed", "link", "base", "form", "use", "foreignObject"}, n.Data) {
					t.Errorf("element %s", n.Data)
				}
				for _, a := range n.Attr {
					if strings.HasPrefix(a.Key, "on") || a.Key == "style" && !strings.HasPrefix(a.Val, "text-align:") || a.Key == "src" || strings.HasPrefix(strings.TrimSpace(a.Val), "javascript:") {
						t.Errorf("attribute %s of %s: %s", a.Key, n.Data, a.Val)
					}
				}
			}
		})
	}
}

// outsideCode is Markdown without its spans of code, in which nobody is called.
func outsideCode(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		for len(line) > 0 {
			at := strings.IndexByte(line, '`')
			if at < 0 || at > 0 && line[at-1] == '\\' {
				at++
				if at == 0 {
					at = len(line)
				}
				b.WriteString(line[:at])
				line = line[at:]
				continue
			}
			fence := line[at : at+len(line[at:])-len(strings.TrimLeft(line[at:], "`"))]
			b.WriteString(line[:at])
			line = line[at+len(fence):]
			if end := strings.Index(line, fence); end >= 0 {
				line = line[end+len(fence):]
			}
		}
	}
	return b.String()
}
