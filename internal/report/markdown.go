package report

import (
	"regexp"
	"strings"
)

// markdownWriter builds the Markdown report.
type markdownWriter struct{ b strings.Builder }

func (m *markdownWriter) line(parts ...string) {
	for _, p := range parts {
		m.b.WriteString(p)
	}
	m.b.WriteByte('\n')
}

func (m *markdownWriter) page(v view) string {
	m.line("# ", escape(v.Title()))
	m.line()
	m.line(escape(strings.Join(v.About(), " · ")))
	m.line()
	m.verdict(v)
	for _, s := range v.outline() {
		m.section(s)
	}
	return strings.TrimRight(m.b.String(), "\n") + "\n"
}

func (m *markdownWriter) verdict(v view) {
	label := v.Label() + "."
	if v.Label() == "Verdict" {
		label = "Verdict:"
	}
	m.line("> **", label, "** ", escape(v.Headline()))
	for _, p := range v.VerdictFacts() {
		m.line(">")
		m.line("> **", p.Name, ":** ", escape(p.Text))
	}
	m.line()
	if len(v.Died) > 0 {
		m.line("> **Opted out.** ", escape(v.OptedOut()))
		m.line()
	}
	if !v.Degraded {
		return
	}
	m.line("> **Degraded.** A part of the analysis could not be done.")
	for _, why := range v.DegradedWhy {
		m.line("> - ", escape(why))
	}
	m.line()
}

func (m *markdownWriter) section(s section) {
	m.line("## ", s.title)
	m.line()
	if s.note != "" {
		m.line(escape(s.note))
		m.line()
	}
	for _, e := range s.entries {
		m.entry(e)
	}
	for _, item := range s.items {
		m.line("- ", escape(item))
	}
	m.pairs(s.pairs)
	if s.table != nil && len(s.items)+len(s.pairs) > 0 {
		m.line() // else the table would go on with the list
	}
	m.table(s.table)
	if len(s.entries) == 0 {
		m.line()
	}
}

func (m *markdownWriter) entry(e entry) {
	m.line("### ", escape(e.id), ". ", escape(e.title))
	m.line()
	if e.mark != "" {
		m.line("**", escape(e.mark), "**")
		m.line()
	}
	for _, text := range []string{e.note, e.text} {
		if text != "" {
			m.line(escape(text))
			m.line()
		}
	}
	m.pairs(e.pairs)
	for _, link := range e.links {
		m.line("- **See:** ", markdownLink(link))
	}
	if len(e.evidence) > 0 {
		m.line("- **Evidence:** ", escape(strings.Join(e.evidence, ", ")))
	}
	if len(e.pairs)+len(e.links)+len(e.evidence) > 0 {
		m.line()
	}
}

func (m *markdownWriter) pairs(lines []pair) {
	for _, p := range lines {
		text := escape(p.Text)
		switch {
		case p.Code:
			text = code(p.Text)
		case len(p.List) > 0:
			names := make([]string, len(p.List))
			for i, name := range p.List {
				names[i] = code(name)
			}
			text = strings.Join(names, " → ")
		}
		m.line("- **", p.Name, ":** ", text)
	}
}

func (m *markdownWriter) table(t *table) {
	if t == nil {
		return
	}
	rule := make([]string, len(t.head))
	for i := range rule {
		rule[i] = "---"
		if t.right[i] {
			rule[i] = "---:"
		}
	}
	m.line("| ", strings.Join(t.head, " | "), " |")
	m.line("| ", strings.Join(rule, " | "), " |")
	for _, row := range t.rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = escape(cell)
			if i < len(t.code) && t.code[i] {
				cells[i] = strings.ReplaceAll(code(cell), "|", `\|`)
			}
		}
		m.line("| ", strings.Join(cells, " | "), " |")
	}
}

// markdownLink shows a link as what it is, and only if it leads to the open web.
func markdownLink(link string) string {
	if !isWebLink(link) {
		return escape(link)
	}
	return "<" + link + ">"
}

// isWebLink accepts absolute https links of plain characters.
func isWebLink(link string) bool { return webLink.MatchString(link) }

var webLink = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(/[A-Za-z0-9._~/#?=&%+,:-]*)?$`)

// special are the characters that mean something to Markdown wherever they stand, with those of GitHub's mathematics.
const special = "\\`*_{}[]<>|~&$"

// escape makes Markdown show a text as it is: no markup, no HTML, no links made of bare addresses.
func escape(s string) string {
	if m := listMarker.FindStringSubmatchIndex(s); m != nil {
		return s[:m[2]] + "\\" + s[m[2]:m[3]] + escape(s[m[3]:])
	}
	var b strings.Builder
	for i, r := range s {
		if strings.ContainsRune(special, r) || i == 0 && strings.ContainsRune("#+-=", r) || startsAddress(s[:i], s[i:]) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// startsAddress reports whether a text would become a link here: at the colon of "https://" or the dot of "www.".
func startsAddress(before, rest string) bool {
	www := len(before) >= 3 && strings.EqualFold(before[len(before)-3:], "www")
	return strings.HasPrefix(rest, "://") || www && rest[0] == '.'
}

var listMarker = regexp.MustCompile(`^\d{1,9}([.)])(?: |$)`)

// code makes a code span of a text, whatever backticks it holds.
func code(s string) string {
	if s == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if len(fence) > 1 || strings.TrimSpace(s) != s {
		return fence + " " + s + " " + fence
	}
	return fence + s + fence
}
