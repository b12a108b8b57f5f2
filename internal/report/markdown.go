package report

import (
	"regexp"
	"slices"
	"strings"

	"squirrly.dev/internal/wording"
)

// markdownWriter builds the Markdown report.
type markdownWriter struct{ b strings.Builder }

func (m *markdownWriter) line(parts ...string) {
	for _, p := range parts {
		m.b.WriteString(p)
	}
	m.b.WriteByte('\n')
}

func (m *markdownWriter) page(v view, sections []section) string {
	m.line("# ", escape(v.Title()))
	m.line()
	m.line(escape(strings.Join(v.About(), " · ")))
	m.line()
	m.verdict(v)
	for _, s := range sections {
		if s.Title == evidenceTitle {
			s = v.citedOnly(s)
		}
		m.section(s)
	}
	return strings.TrimRight(m.b.String(), "\n") + "\n"
}

// citedOnly leaves the facts in that something rests on.
func (v view) citedOnly(s section) section {
	all := s.Table.Rows
	kept := *s.Table
	kept.Rows = slices.DeleteFunc(slices.Clone(all), func(row []cell) bool { return len(row[len(row)-1].Cite) == 0 })
	if left := len(all) - len(kept.Rows); left > 0 {
		s.Note = wording.Plural(left, "further fact") + " in the page and in analysis.json."
	}
	if s.Table = &kept; len(kept.Rows) == 0 {
		s.Table = nil
	}
	return s
}

func (m *markdownWriter) verdict(v view) {
	label := v.Label() + "."
	if v.Label() == labelVerdict {
		label = labelVerdict + ":"
	}
	m.line("> **", label, "** ", escape(v.Headline()))
	for _, p := range v.verdictFacts() {
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
	m.line("> **", degraded, "**")
	for _, why := range v.DegradedWhy {
		m.line("> - ", escape(why))
	}
	m.line()
}

func (m *markdownWriter) section(s section) {
	if s.Title == flameTitle {
		return // it is a picture
	}
	m.line("## ", s.Title)
	m.line()
	if s.Note != "" {
		m.line(escape(s.Note))
		m.line()
	}
	for _, e := range s.Entries {
		m.entry(e)
	}
	for _, line := range s.Graph {
		m.line("- ", m.way(line))
	}
	if len(s.Graph) > 0 {
		m.line()
	}
	m.table(s.Table)
	if s.Table != nil && len(s.Items)+len(s.Pairs) > 0 {
		m.line()
	}
	for _, item := range s.Items {
		m.line("- ", escape(item))
	}
	m.pairs(s.Pairs)
	if len(s.Entries) == 0 {
		m.line()
	}
}

// way is a line of the job graph, with what limits the job in bold.
func (m *markdownWriter) way(line []step) string {
	names := make([]string, len(line))
	for i, s := range line {
		names[i] = code(s.Name)
		if s.Limit {
			names[i] = "**" + names[i] + "** (limits the job)"
		}
	}
	return strings.Join(names, arrow)
}

func (m *markdownWriter) entry(e entry) {
	m.line("### ", escape(e.ID), ". ", escape(e.Title))
	m.line()
	if meta := e.Meta(); meta != "" {
		m.line(escape(meta))
		m.line()
	}
	m.pairs(e.Pairs)
	for _, link := range e.Links {
		m.line("- **", docs, ":** ", markdownLink(link))
	}
	if len(e.Evidence) > 0 {
		m.line("- **", evidenceTitle, ":** ", escape(strings.Join(e.Evidence, ", ")))
	}
	for _, r := range e.Readings {
		m.line("- **", suggests, ":** ", escape(string(r.Kind)+": "+r.Text))
	}
	m.line()
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
			text = strings.Join(names, arrow)
		}
		m.line("- **", escape(p.Name), ":** ", text)
	}
}

func (m *markdownWriter) table(t *table) {
	if t == nil {
		return
	}
	rule := make([]string, len(t.Head))
	for i := range rule {
		rule[i] = "---"
		if t.Right[i] {
			rule[i] = "---:"
		}
	}
	m.line("| ", strings.Join(t.Head, " | "), " |")
	m.line("| ", strings.Join(rule, " | "), " |")
	for _, row := range t.Rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = escape(c.Text)
			if c.Code {
				cells[i] = strings.ReplaceAll(code(c.Text), "|", `\|`)
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

// EscapeMarkdown writes one line for Markdown that shows it as it is: no markup, no HTML, no links made of bare addresses,
// nobody called.
func EscapeMarkdown(line string) string { return escape(line) }

// escape makes Markdown show a text as it is: no markup, no HTML, no links made of bare addresses, nobody called.
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
		if r == '@' && mentions(s[i+1:]) {
			b.WriteString(unmentioned)
		}
	}
	return b.String()
}

// unmentioned is a space of no width behind an @: a backslash before it does not keep GitHub from telling whom it names.
const unmentioned = "&#8203;"

// mentions reports that a text goes on as the name of somebody.
func mentions(rest string) bool {
	return rest != "" && (rest[0] >= '0' && rest[0] <= '9' || rest[0] >= 'A' && rest[0] <= 'Z' || rest[0] >= 'a' && rest[0] <= 'z')
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
