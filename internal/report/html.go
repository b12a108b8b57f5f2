package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"maps"
	"strconv"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

//go:embed page.html difference.html sections.html
var pageSources embed.FS

//go:embed style.css
var styleSource string

// pageTemplates are the pages. html/template escapes every value for the place where it stands.
var pageTemplates = template.Must(template.New("").Funcs(template.FuncMap{
	"prose": glue,
	"web":   isWebLink,
	"tone":  severityTone,
	"arg":   func(all ...any) []any { return all }, // a template takes one value
	"at":    func(depth int) string { return strconv.Itoa(min(depth, maxIndent)) },
}).ParseFS(pageSources, "*.html"))

// sheet is what all pages have: the style, what a browser may do with them, and sections.
type sheet struct {
	Style    template.CSS
	Policy   string
	Sections []section

	anchors map[string]string // of facts and findings, by id
}

func newSheet(sections []section, anchors map[string]string) sheet {
	sum := sha256.Sum256([]byte(styleSource))
	return sheet{
		Style: template.CSS(styleSource), //nolint:gosec // our own file, embedded.
		Policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; base-uri 'none'; form-action 'none'",
		Sections: sections, anchors: anchors,
	}
}

// Cite makes links of the ids of facts and findings.
func (s sheet) Cite(ids []string) []citation {
	out := make([]citation, len(ids))
	for i, id := range ids {
		out[i] = citation{id, s.anchors[id]}
	}
	return out
}

// citation is the id of a fact or a finding, and its anchor if the page holds it.
type citation struct{ ID, Anchor string }

// htmlPage is what the template of the report sees.
type htmlPage struct {
	sheet
	view
}

// HTML writes the report as one page that loads nothing and runs nothing: no script, no request, no inline style. Its
// content security policy allows the one embedded style sheet and nothing else.
func HTML(w io.Writer, a events.Analysis, o Options) error {
	v, err := newView(a)
	if err != nil {
		return err
	}
	sections := v.outline(o)
	return writePage(w, "page", htmlPage{newSheet(sections, anchorsOf(sections)), v})
}

func writePage(w io.Writer, name string, page any) error {
	var b bytes.Buffer
	if err := pageTemplates.ExecuteTemplate(&b, name+".html", page); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// anchorsOf numbers the facts and the findings of a report, the first of each id: their ids are text of others, and no names
// for a page. It returns where an id leads to; a fact comes before a finding.
func anchorsOf(sections []section) map[string]string {
	facts, findings := map[string]string{}, map[string]string{}
	for _, s := range sections {
		for i := range s.Entries {
			if e := &s.Entries[i]; e.Severity != "" && findings[e.ID] == "" {
				e.Anchor = "finding-" + strconv.Itoa(len(findings)+1)
				findings[e.ID] = e.Anchor
			}
		}
		if s.Table == nil {
			continue
		}
		for _, row := range s.Table.Rows {
			if c := &row[0]; c.Mark != "" && facts[c.Mark] == "" {
				c.Anchor = "fact-" + strconv.Itoa(len(facts)+1)
				facts[c.Mark] = c.Anchor
			}
		}
	}
	maps.Copy(findings, facts)
	return findings
}

// severityTone is the class of a severity.
func severityTone(s events.Severity) string {
	switch s {
	case events.SeverityCritical, events.SeverityWarning, events.SeverityInfo:
		return string(s)
	}
	return "none"
}

// Stated is the severity of the whole analysis in words.
func (p htmlPage) Stated() string {
	if p.Severity == events.SeverityNone || p.Severity == "" {
		return "no findings"
	}
	return string(p.Severity)
}

// Facts are the lines of the verdict below the headline and the gain.
func (p htmlPage) Facts() []pair {
	var out []pair
	for _, f := range p.verdictFacts() {
		if f.Name != "Gain" && f.Name != evidenceTitle {
			out = append(out, f)
		}
	}
	return out
}

// barView is a bar and what it says, in words. Without metrics nothing is known.
type barView struct {
	Segments []segment
	Text     string
}

// segment is a part of a bar, in hundredths of its width.
type segment struct{ Class, At, Wide string }

// bar cuts the time of a vertex into busy, backpressured and idle; nil when it is not known.
func bar(x events.VertexLoad) *barView {
	if x.Busy < 0 {
		return nil
	}
	v := &barView{Text: wording.Percent(x.Busy) + " busy, " + wording.Percent(x.BackPressured) + " backpressured"}
	at := 0.0
	for _, part := range []struct {
		class string
		share float64
	}{{"busy", x.Busy}, {"held", x.BackPressured}} {
		wide := max(0, min(part.share*100, 100-at))
		if wide > 0 {
			v.Segments = append(v.Segments, segment{part.class, hundredths(at), hundredths(wide)})
		}
		at += wide
	}
	return v
}

// maxIndent is how far the rows of a table are indented.
const maxIndent = 24

func hundredths(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }
