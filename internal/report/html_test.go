package report_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"golang.org/x/net/html"

	"squirrly.dev/pkg/events"
)

// allowed are the elements and attributes of the HTML report; neither loads nor runs anything.
var (
	allowedElements = strings.Fields("html head meta title style body header footer main section article svg path rect text " +
		"a p h1 h2 h3 span details summary strong code dl dt dd div ul ol li br table thead tbody tr th td")
	allowedAttributes = strings.Fields("lang charset http-equiv content name class id href rel scope role tabindex focusable " +
		"viewbox d x y width height data-label preserveaspectratio aria-label aria-labelledby aria-describedby aria-hidden")
)

func nodes(t *testing.T, page string) []*html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var all []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			all = append(all, n)
		}
	}
	return all
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if strings.EqualFold(a.Key, key) {
			return a.Val
		}
	}
	return ""
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if strings.EqualFold(x, s) {
			return true
		}
	}
	return false
}

// TestHTMLIsInert parses each page as a browser does and looks for anything that could load, run or lead astray.
func TestHTMLIsInert(t *testing.T) {
	for name, sample := range samples {
		t.Run(name, func(t *testing.T) {
			all := nodes(t, write(t, "html", sample()))
			ids := map[string]bool{}
			for _, n := range all {
				if id := attribute(n, "id"); id != "" && ids[id] {
					t.Errorf("id %s twice", id)
				} else {
					ids[id] = true
				}
			}
			for _, n := range all {
				if !contains(allowedElements, n.Data) {
					t.Errorf("element %s", n.Data)
				}
				for _, a := range n.Attr {
					if !contains(allowedAttributes, a.Key) {
						t.Errorf("attribute %s of %s", a.Key, n.Data)
					}
				}
				for _, key := range []string{"aria-labelledby", "aria-describedby"} {
					if target := attribute(n, key); target != "" && !ids[target] {
						t.Errorf("%s names %s, which is not there", key, target)
					}
				}
				link := attribute(n, "href")
				switch {
				case strings.HasPrefix(link, "#"):
					if !ids[link[1:]] {
						t.Errorf("link to %s, which is not there", link)
					}
				case link != "" && !capturesOnly.MatchString(link) && !strings.HasPrefix(link, "https://nightlies.apache.org/"):
					t.Errorf("link to %s", link)
				}
			}
		})
	}
}

// capturesOnly are the files beside a report.
var capturesOnly = regexp.MustCompile(`^captures/[A-Za-z0-9._-]+\.html$`)

func TestHTMLPolicyAllowsItsStyleOnly(t *testing.T) {
	page := write(t, "html", sleepy())
	var policy, style string
	for _, n := range nodes(t, page) {
		if attribute(n, "http-equiv") == "Content-Security-Policy" {
			policy = attribute(n, "content")
		}
		if n.Data == "style" {
			style = n.FirstChild.Data
		}
	}
	sum := sha256.Sum256([]byte(style))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
	if policy != want {
		t.Errorf("policy is %s, want %s", policy, want)
	}
}

func TestHTMLIsAccessible(t *testing.T) {
	level, h1 := 0, 0
	for _, n := range nodes(t, write(t, "html", sleepy())) {
		if regexp.MustCompile(`^h[1-6]$`).MatchString(n.Data) {
			next := int(n.Data[1] - '0')
			if next > level+1 {
				t.Errorf("a heading of level %d follows one of level %d", next, level)
			}
			if level = next; next == 1 {
				h1++
			}
		}
		if n.Data == "th" && attribute(n, "scope") == "" {
			t.Error("a header cell without scope")
		}
		if n.Data == "svg" && attribute(n, "aria-label") == "" && attribute(n, "aria-hidden") == "" {
			t.Error("a picture without words")
		}
		if n.Data == "table" && attribute(n, "aria-labelledby")+attribute(n, "aria-label") == "" {
			t.Error("a table without a name")
		}
	}
	if h1 != 1 {
		t.Errorf("%d first-level headings", h1)
	}
}

// TestColorsCanBeRead computes the contrast of every pair of text and ground, in light and in dark.
func TestColorsCanBeRead(t *testing.T) {
	css, err := os.ReadFile("style.css")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(string(css), 2)
	if len(blocks) != 2 {
		t.Fatal("no two palettes")
	}
	for i, mode := range []string{"light", "dark"} {
		color := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]+);`).FindAllStringSubmatch(blocks[i][1], -1) {
			color[m[1]] = m[2]
		}
		for _, pair := range []string{
			"ink page", "ink card", "ink shade", "soft page", "soft card", "soft shade", "link page", "link card",
			"ink warning-bg", "soft warning-bg", "critical critical-bg", "warning warning-bg", "info info-bg", "none none-bg",
		} {
			text, ground, _ := strings.Cut(pair, " ")
			if c := contrast(t, color[text], color[ground]); c < 4.5 {
				t.Errorf("%s: %s has a contrast of %.2f", mode, pair, c)
			}
		}
		for _, part := range []string{"busy", "held"} {
			if c := contrast(t, color[part], color["idle"]); c < 2 {
				t.Errorf("%s: the bar of %s has a contrast of %.2f", mode, part, c)
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// luminance is that of WCAG 2.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	hex = strings.TrimPrefix(hex, "#")
	if len(hex) == 3 {
		hex = fmt.Sprintf("%c%c%c%c%c%c", hex[0], hex[0], hex[1], hex[1], hex[2], hex[2])
	}
	var l float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		l += weight * c
	}
	return l
}

// TestMarkdownIsInert renders the Markdown as GitHub does and looks at what came of it.
func TestMarkdownIsInert(t *testing.T) {
	for name, sample := range samples {
		t.Run(name, func(t *testing.T) {
			var page strings.Builder
			md := goldmark.New(goldmark.WithExtensions(extension.GFM))
			source := write(t, "md", sample())
			if err := md.Convert([]byte(source), &page); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(page.String(), "raw HTML omitted") {
				t.Error("there is HTML in the Markdown")
			}
			headings := 0
			for _, n := range nodes(t, page.String()) {
				switch n.Data {
				case "a":
					if link := attribute(n, "href"); !strings.HasPrefix(link, "https://nightlies.apache.org/") {
						t.Errorf("link to %s", link)
					}
				case "h1":
					headings++
				case "em", "del", "img", "script", "input", "pre":
					t.Errorf("element %s", n.Data)
				case "td", "th":
					columns(t, n)
				}
			}
			if headings != 1 {
				t.Errorf("%d first-level headings", headings)
			}
		})
	}
}

// TestTextsSurvive reads the rendered report as a reader does: every text must be there, letter by letter.
func TestTextsSurvive(t *testing.T) {
	const shown = "<script>alert(1)</script><img src=x onerror=alert(2)> \uFFFD[31mred\uFFFD[0m \uFFFDgnp.exe\uFFFD `tick` ``two`` | pipe | " +
		"[click](javascript:alert(3)) ![i](https://evil.example/i.png) https://evil.example www.evil.example \"'&amp; $x$ *b* _i_ ~~s~~ " +
		"@everyone <@U024BE7LH> <!channel> # heading - item \uFFFD\uFFFD\uFFFDzero\uFFFD e\u0301\u0302 \uFFFD"
	odd := calm()
	texts := []string{"1. not a list", "4.0 % of it", "- dash", "+ plus", "# hash", "=====", "> quote", "a_b_c", "Foo$Bar and Foo$Baz", "100) x", "~/x", "`", "a\\*b\\"}
	odd.Missing, odd.Verdict.Headline = texts, strings.Join(texts, " ")
	for _, c := range []struct {
		name  string
		a     events.Analysis
		texts []string
		least int
	}{
		{"hostile", hostile(), []string{shown}, 35},
		{"odd", odd, append(texts, odd.Verdict.Headline), 1},
	} {
		var rendered strings.Builder
		if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(write(t, "md", c.a)), &rendered); err != nil {
			t.Fatal(err)
		}
		for format, page := range map[string]string{"md": rendered.String(), "html": write(t, "html", c.a)} {
			got := words(t, page)
			for _, want := range c.texts {
				if n := strings.Count(got, want); n < c.least {
					t.Errorf("%s as %s: %q shows %d times, want %d", c.name, format, want, n, c.least)
				}
			}
		}
	}
}

// words is the text of a page with its white space made even.
func words(t *testing.T, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" {
			b.WriteString(n.Data)
		}
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(b.String(), "\u200b", "")), " ") // it keeps an @ from calling anybody
}

// columns checks that a row has as many cells as the head of its table.
func columns(t *testing.T, cell *html.Node) {
	t.Helper()
	row := cell.Parent
	table := row.Parent.Parent
	head := table.FirstChild
	for head.Data != "thead" {
		head = head.NextSibling
	}
	if got, want := elements(row), elements(head.FirstChild.NextSibling); got != want {
		t.Errorf("a row of %d cells below a head of %d", got, want)
	}
}

func elements(n *html.Node) int {
	count := 0
	for c := range n.ChildNodes() {
		if c.Type == html.ElementNode {
			count++
		}
	}
	return count
}
