package report

import (
	"crypto/sha256"
	_ "embed" // the page and its style
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

//go:embed page.html
var pageSource string

//go:embed style.css
var styleSource string

// pageTemplate is the HTML report. html/template escapes every value for the place where it stands.
var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"percent": wording.Percent,
	"rate":    wording.Rate,
	"count":   func(n any) string { return wording.Count(toInt(n)) },
	"size":    wording.Bytes,
	"moment":  moment,
	"place":   wording.Place,
	"plural":  func(n int, noun string) string { return wording.Plural(n, noun) },
	"inc":     func(i int) int { return i + 1 },
	"web":     isWebLink,
	"amount":  amount,
	"growth":  growth,
	"effect":  effect,
}).Parse(pageSource))

// htmlPage is what the template sees.
type htmlPage struct {
	view

	Style  template.CSS
	Policy string
}

// HTML writes the report as one page that loads nothing and runs nothing: no script, no request, no inline style. Its
// content security policy allows the one embedded style sheet and nothing else.
func HTML(w io.Writer, a events.Analysis) error {
	v, err := newView(a)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(styleSource))
	page := htmlPage{
		view:  v,
		Style: template.CSS(styleSource), //nolint:gosec // our own file, embedded.
		Policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; base-uri 'none'; form-action 'none'",
	}
	if err := pageTemplate.Execute(w, page); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// citation is the id of a fact, and its anchor if the report holds it.
type citation struct {
	ID     string
	Anchor string
}

// Cite makes links of the ids of facts.
func (p htmlPage) Cite(ids []string) []citation {
	out := make([]citation, len(ids))
	for i, id := range ids {
		out[i].ID = id
		if at, ok := p.facts[id]; ok {
			out[i].Anchor = "#fact-" + strconv.Itoa(at+1)
		}
	}
	return out
}

// Tone is the class of a severity.
func (p htmlPage) Tone(s events.Severity) string {
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

// Tiles are the figures of the verdict. Confidence stands there only beside others.
func (p htmlPage) Tiles() []pair {
	d := p.Verdict
	var tiles []pair
	if d.Limit == events.LimitVertex && d.Busy > 0 {
		tiles = append(tiles, pair{Name: "busy, busiest subtask", Text: wording.Percent(d.Busy)})
	}
	switch {
	case d.P > 0 && d.Limit == events.LimitCPU:
		tiles = append(tiles, pair{Name: "of the time that is ready to run, without a CPU", Text: wording.Percent(d.P)})
	case d.P > 0 && d.Anchor+d.Frame != "":
		tiles = append(tiles, pair{Name: "of its time in " + wording.Place(d.Anchor, d.Frame), Text: wording.Percent(d.P)})
	}
	if d.Bound > 1 {
		name := "upper bound of the speed-up"
		if d.NextLimit != "" {
			name += ", then limited by " + d.NextLimit
		}
		tiles = append(tiles, pair{Name: name, Text: wording.Times(d.Bound)})
	}
	if len(tiles) > 0 {
		name := "confidence"
		if d.Samples > 0 {
			name += ", " + wording.Plural(d.Samples, "sample")
		}
		tiles = append(tiles, pair{Name: name, Text: string(d.Confidence)})
	}
	return tiles
}

// barView is a bar and what it says, in words. Without metrics nothing is known.
type barView struct {
	Known    bool
	Segments []segment
	Text     string
}

// segment is a part of a bar, in hundredths of its width.
type segment struct{ Class, At, Wide string }

// Bar cuts the time of a vertex into busy, backpressured and idle.
func (p htmlPage) Bar(x events.VertexLoad) barView {
	if x.Busy < 0 {
		return barView{}
	}
	v := barView{Known: true, Text: wording.Percent(x.Busy) + " busy, " + wording.Percent(x.BackPressured) + " backpressured"}
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

func hundredths(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

// Notes joins the notes of a capture.
func (p htmlPage) Notes(c events.CaptureStats) string { return strings.Join(captureNotes(c), "; ") }

func toInt(n any) int64 {
	switch n := n.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	}
	return 0
}
