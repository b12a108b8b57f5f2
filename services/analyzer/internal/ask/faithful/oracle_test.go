package faithful

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"squirrly.dev/pkg/events"
)

// figure is a measured number.
type figure struct {
	value  float64
	unit   string   // "%", "te", "samples", "x", "/s", "ms", "size", "cores", or empty
	frames []string // that it is measured for; none: no frame
}

// oracle knows what the analysis of the rules measured and named.
type oracle struct {
	figures []figure
	names   string // everything that may be named, unified, with blanks around
	texts   string // of the rules
	digits  map[string]bool
}

func newOracle(r run) *oracle {
	o := &oracle{digits: map[string]bool{}}
	a := r.in.Prompt.Analysis
	var names, texts strings.Builder
	for _, f := range a.Evidence {
		o.fact(f)
		names.WriteString(f.Text + "\n" + f.Frame + "\n")
	}
	for _, tree := range r.in.Prompt.Trees {
		for _, l := range tree.Lines {
			o.fact(l.Fact(tree.Mode))
			names.WriteString(l.Frame + "\n")
		}
	}
	for _, f := range a.Findings {
		own := append([]string{f.Frame, f.Anchor}, f.Path...)
		o.figures = append(o.figures, figure{f.P * 100, "%", own}, figure{f.Share * 100, "%", own}, figure{f.TE, "te", own},
			figure{float64(f.Samples), "samples", own}, figure{f.Bound, "x", own}, figure{f.Cores, "cores", own}, figure{f.StdErr * 100, "%", own})
		for _, text := range textsOf(f) {
			texts.WriteString(text + "\n")
		}
		names.WriteString(strings.Join(own, "\n") + "\n")
	}
	for _, v := range a.Vertices {
		for _, x := range []float64{v.Busy, v.BusyMax, v.Idle, v.BackPressured} {
			o.figures = append(o.figures, figure{x * 100, "%", nil})
		}
		o.figures = append(o.figures, figure{v.RecordsIn, "/s", nil}, figure{v.RecordsOut, "/s", nil}, figure{float64(v.Parallelism), "", nil})
		names.WriteString(v.Name + "\n")
	}
	texts.WriteString(a.Verdict.Headline + "\n" + a.Verdict.Fix + "\n")
	for _, n := range figuresIn(texts.String()) {
		o.figures = append(o.figures, figure{n.value, n.unit, nil})
	}
	names.WriteString(texts.String() + strings.Join(r.in.Texts, "\n") + "\n")
	for _, k := range r.in.Prompt.Keys {
		names.WriteString(k.Name + "\n")
	}
	for _, f := range r.in.Prompt.Files {
		names.WriteString(f.Text + "\n")
		o.quote(f.Text)
	}
	for _, s := range r.in.Prompt.Settings {
		names.WriteString(s.Key + "\n")
		o.quote(s.Value)
	}
	o.names, o.texts = " "+unified(names.String())+" ", texts.String()
	return o
}

func (o *oracle) quote(text string) {
	for _, n := range figuresIn(text) {
		o.digits[strconv.FormatFloat(n.value, 'g', -1, 64)] = true
	}
}

// units of facts in the words of the oracle.
var units = map[string]string{"share": "%", "te": "te", "samples": "samples", "records/s": "/s", "ms": "ms", "cores": "cores"}

func (o *oracle) fact(f events.Fact) {
	var own []string
	if f.Frame != "" {
		own = append(own, f.Frame)
		own = append(own, namesIn(f.Text)...)
	}
	value := f.Value
	if f.Unit == "share" {
		value *= 100
	}
	o.figures = append(o.figures, figure{value, units[f.Unit], own}, figure{float64(f.Samples), "samples", own})
	for _, n := range figuresIn(f.Text) {
		o.figures = append(o.figures, figure{n.value, n.unit, own})
	}
}

func textsOf(f events.Finding) []string {
	r := f.Recommendation
	return []string{f.Title, f.Where, f.Size, f.Why, f.Cause, r.Change, r.Why, r.Impact, r.TradeOffs}
}

// tally counts what the oracle found.
type tally struct{ numbers, wrongNumbers, names, wrongNames int }

func (s *tally) add(o tally) {
	s.numbers += o.numbers
	s.wrongNumbers += o.wrongNumbers
	s.names += o.names
	s.wrongNames += o.wrongNames
}

// measure checks every text of a final analysis that is not the rules' own.
func (o *oracle) measure(t testing.TB, name string, a events.Analysis) tally {
	t.Helper()
	var sum tally
	for _, f := range a.Findings {
		for i, text := range textsOf(f) {
			sum.add(o.text(t, name+" "+f.ID, text, i == 5 || i == 8))
		}
	}
	for _, ob := range a.Observations {
		if ob.Origin == events.OriginLLM {
			sum.add(o.text(t, name+" observation", ob.Text, false))
		}
	}
	return sum
}

func (o *oracle) text(t testing.TB, place, text string, proposal bool) tally {
	t.Helper()
	var sum tally
	for s := range strings.SplitSeq(strings.NewReplacer("! ", ". ", "? ", ". ", "\n", ". ").Replace(text), ". ") {
		s = strings.TrimSuffix(strings.TrimSpace(s), ".")
		if s == "" || strings.Contains(o.texts, s) {
			continue
		}
		own := namesIn(strings.ReplaceAll(s, "$?", "$*")) // a prompt shows the number of a generated class so
		for _, n := range own {
			sum.names++
			if !o.named(n) {
				sum.wrongNames++
				t.Errorf("%s: the name %q is carried by nothing: %s", place, n, s)
			}
		}
		for _, n := range append(figuresIn(s), wordsIn(s)...) {
			if proposal && n.unit != "%" && n.unit != "te" && n.unit != "samples" && n.unit != "/s" {
				continue
			}
			sum.numbers++
			if !o.carried(n, own) {
				sum.wrongNumbers++
				t.Errorf("%s: the number %g %s is carried by nothing: %s", place, n.value, n.unit, s)
			}
		}
	}
	return sum
}

// carried reports whether a measured number is the said one, for the frames that the sentence names.
func (o *oracle) carried(n said, own []string) bool {
	if n.unit == "" && (n.value == 1 || o.digits[strconv.FormatFloat(n.value, 'g', -1, 64)]) {
		return true
	}
	for _, f := range o.figures {
		if f.unit != n.unit && n.unit != "" || !about(f.frames, own) {
			continue
		}
		d := n.value - f.value
		switch {
		case n.side > 0 && d <= 0.5 && -d <= 0.17*f.value+0.5:
			return true
		case n.side < 0 && -d <= 0.5 && d <= 0.17*f.value+0.5:
			return true
		case math.Abs(d) <= n.slack+0.006*math.Abs(f.value)+1e-9:
			return true
		}
	}
	return false
}

// about reports whether a number of these frames can be said in a sentence that names these.
func about(frames, own []string) bool {
	if len(frames) == 0 || len(own) == 0 {
		return true
	}
	for _, f := range frames {
		for _, n := range own {
			if strings.Contains(unified(" "+f+" "), unified(" "+n+" ")) || strings.Contains(unified(" "+f+" "), "."+strings.TrimSpace(unified(n))+" ") ||
				strings.Contains(unified(" "+f+" "), "."+strings.TrimSpace(unified(n))+".") {
				return true
			}
		}
	}
	return false
}

func (o *oracle) named(name string) bool {
	n := strings.Trim(unified(name), ". ")
	for at := 0; ; {
		i := strings.Index(o.names[at:], n)
		if i < 0 {
			return false
		}
		i += at
		before, after := rune(o.names[i-1]), rune(o.names[i+len(n)])
		if !wordRune(before) && !wordRune(after) {
			return true
		}
		at = i + 1
	}
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r >= 0x80 }

func unified(s string) string {
	return strings.NewReplacer("/", ".", "$", ".", "::", ".", "\n", " ").Replace(s)
}
