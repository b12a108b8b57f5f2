package oracle

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Disagreement is one number of an analysis that the pages do not carry.
type Disagreement struct {
	Kind string // what is wrong: see the constants
	Of   string // id of the fact or finding, or "verdict"
	What string // one line for people
}

// The kinds of disagreements.
const (
	Samples     = "samples"     // the count of a fact is another
	Whole       = "whole"       // that of the whole it is a share of
	Value       = "value"       // the value of a fact is not what its counts make
	Text        = "text"        // its text says another number
	Uncounted   = "uncounted"   // a fact has samples, and does not say what it counts
	Uncountable = "uncountable" // it says it in a way that cannot be counted
	Named       = "named"       // its text names one frame, and its count is of more than that frame
	Time        = "time"        // thread equivalents, cores or a bound that the counts do not make
	Sentence    = "sentence"    // a number of samples in a finding, an observation or the verdict is that of no fact it names
)

// Result is what came of counting an analysis again.
type Result struct {
	Facts         int // counted again
	Sentences     int // numbers of samples in findings, observations and the verdict, compared
	Disagreements []Disagreement
}

// Recount counts every fact of an analysis again. Pages are those of a capture, by JVM and mode.
func Recount(analysisJSON []byte, pages func(jvm, mode, key string) (*Page, error)) (*Result, error) {
	var a analysis
	if err := json.Unmarshal(analysisJSON, &a); err != nil {
		return nil, fmt.Errorf("read the analysis: %w", err)
	}
	r := &recount{analysis: &a, facts: map[string]*fact{}, counted: map[string][]int64{}, made: map[string]float64{}}
	for i := range a.Evidence {
		r.facts[a.Evidence[i].ID] = &a.Evidence[i]
	}
	if a.Counting != nil {
		counter, err := newCounter(&a, pages)
		if err != nil {
			return nil, err
		}
		r.counter = counter
	}
	for i := range a.Evidence {
		r.fact(&a.Evidence[i])
	}
	r.sentences()
	return &r.Result, nil
}

type recount struct {
	Result

	analysis *analysis
	facts    map[string]*fact
	counter  *counter
	counted  map[string][]int64 // by fact: its count and that of its whole
	made     map[string]float64 // by fact: thread equivalents or cores that its samples make
}

func (r *recount) complain(kind, of, format string, args ...any) {
	r.Disagreements = append(r.Disagreements, Disagreement{kind, of, fmt.Sprintf(format, args...)})
}

// fact counts one fact again, and compares its number, its value and its text.
func (r *recount) fact(f *fact) {
	if f.Count == nil {
		r.uncounted(f)
		return
	}
	if r.analysis.Counting == nil {
		r.complain(Uncountable, f.ID, "the analysis does not say what its counts refer to: %s", f.Text)
		return
	}
	n, err := r.counter.count(f.Count)
	if err != nil {
		r.complain(Uncountable, f.ID, "%v: %s", err, f.Text)
		return
	}
	r.Facts++
	if n != f.Count.Samples || f.Count.Unit == "" && f.Samples != 0 && f.Samples != n {
		r.complain(Samples, f.ID, "says %d (%d), the pages %d: %s", f.Count.Samples, f.Samples, n, f.Text)
	}
	r.counted[f.ID] = []int64{n}
	whole, ok := r.wholes(f)
	if !ok {
		return
	}
	r.value(f, n, whole)
	r.time(f)
	r.text(f)
	r.named(f, n)
}

// uncounted complains of numbers that nothing describes.
func (r *recount) uncounted(f *fact) {
	if f.Samples != 0 {
		r.complain(Uncounted, f.ID, "%d samples of what? %s", f.Samples, f.Text)
	}
	if f.Mode != "" && (f.Unit == "te" || f.Unit == "cores" && f.Frame != "" || saysTE(f.Text)) {
		r.complain(Uncounted, f.ID, "time of what? %s", f.Text)
	}
}

// wholes counts what a fact is a part of again, and returns the first of them; 0 is none. It is false when one cannot be
// counted.
func (r *recount) wholes(f *fact) (int64, bool) {
	whole := int64(0)
	for of := f.Count.Of; of != nil; of = of.Of {
		w, err := r.counter.count(of)
		if err != nil {
			r.complain(Uncountable, f.ID, "its whole: %v: %s", err, f.Text)
			return 0, false
		}
		if w != of.Samples {
			r.complain(Whole, f.ID, "says of %d, the pages %d: %s", of.Samples, w, f.Text)
		}
		if whole == 0 {
			whole = w
		}
		r.counted[f.ID] = append(r.counted[f.ID], w)
	}
	return whole, true
}

// named compares the count of a fact about one frame with that of this frame alone: no group of frames stands under the name
// of one. A group says so, by its rule.
func (r *recount) named(f *fact, n int64) {
	if f.Frame == "" || len(f.Count.Match) == 0 || f.Count.AtMost || strings.Contains(f.Text, "(rule ") {
		return
	}
	alone, err := r.counter.alone(f.Count, f.Frame)
	if err != nil {
		r.complain(Uncountable, f.ID, "%v: %s", err, f.Text)
		return
	}
	if alone != n {
		r.complain(Named, f.ID, "says %d of %s, which has %d: %s", n, f.Frame, alone, f.Text)
	}
}

// value compares the value of a fact with what its counts make.
func (r *recount) value(f *fact, n, whole int64) {
	want := f.Value
	switch {
	case f.Unit == "share" && f.Count.Of != nil && whole > 0:
		want = float64(n) / float64(whole)
	case f.Unit == "samples":
		want = float64(n)
	}
	if math.Abs(want-f.Value) > 1e-6*max(1, math.Abs(want)) {
		r.complain(Value, f.ID, "has the value %v, the pages make %v: %s", f.Value, want, f.Text)
	}
}

// said finds "1,180 of 1,216 samples", "1,180 samples" and "of the 1,216 samples".
var said = regexp.MustCompile(`(\d[\d,]*) of them in (?:R\d)|(\d[\d,]*)(?: of (?:the |all |its )?(\d[\d,]*))?(?: (?:active|idle|running|waiting|task|raw|all|CPU|ITIMER|WALL|ALLOC|LOCK)){0,2} samples?\b`)

// numbersIn are the numbers of samples that a text says.
func numbersIn(text string) []int64 {
	var all []int64
	for _, m := range said.FindAllStringSubmatch(text, -1) {
		for _, digits := range m[1:] {
			if n, err := strconv.ParseInt(strings.ReplaceAll(digits, ",", ""), 10, 64); err == nil {
				all = append(all, n)
			}
		}
	}
	return all
}

// text compares the numbers of samples in the text of a fact with its counts.
func (r *recount) text(f *fact) {
	if f.Count.Unit != "" {
		return
	}
	for _, n := range numbersIn(f.Text) {
		if !slices.Contains(r.counted[f.ID], n) {
			r.complain(Text, f.ID, "says %d, counted were %v: %s", n, r.counted[f.ID], f.Text)
		}
	}
	if f.Unit == "share" && (f.Count.Of != nil || f.Count.Busy > 0) && !rounds(f.Text, f.Value) {
		r.complain(Text, f.ID, "none of its percentages is %v: %s", f.Value, f.Text)
	}
}

var percentage = regexp.MustCompile(`(\d+)(\.\d+)? ?%`)

// rounds reports whether one of the percentages of a text is the share, rounded as it is written. A text without any says
// nothing false.
func rounds(text string, share float64) bool {
	all := percentage.FindAllStringSubmatch(text, -1)
	for _, m := range all {
		said, _ := strconv.ParseFloat(m[1]+m[2], 64)
		unit := math.Pow(10, -float64(max(0, len(m[2])-1)))
		if math.Abs(said-100*share) <= unit/2+1e-9 {
			return true
		}
	}
	return len(all) == 0
}

// sentences compares the numbers of samples that findings, observations and the verdict say with the facts they name.
func (r *recount) sentences() {
	v := &r.analysis.Verdict
	r.sentence("verdict", v.Evidence, v.Headline)
	r.number("verdict", v.Evidence, v.Samples)
	for i := range r.analysis.Findings {
		f := &r.analysis.Findings[i]
		r.sentence(f.ID, f.Evidence, f.Title, f.Where, f.Size, f.Why, f.Cause, f.Recommendation.Change, f.Recommendation.Why,
			f.Recommendation.Impact)
		r.number(f.ID, f.Evidence, f.Samples)
		r.findingTime(f)
	}
	for _, o := range r.analysis.Observations {
		r.sentence("observation", o.Evidence, o.Text)
	}
}

// number compares the field samples of a finding or of the verdict with its facts. A finding of values has no samples there.
func (r *recount) number(of string, evidence []string, n int64) {
	if n == 0 {
		return
	}
	r.Sentences++
	if !r.carried(evidence, n) {
		r.complain(Sentence, of, "has %d samples; of its facts %v none counts as many", n, evidence)
	}
}

func (r *recount) sentence(of string, evidence []string, texts ...string) {
	for _, text := range texts {
		for _, n := range numbersIn(text) {
			r.Sentences++
			if !r.carried(evidence, n) {
				r.complain(Sentence, of, "%d: of its facts %v none counts as many: %s", n, evidence, text)
			}
		}
	}
}

func (r *recount) carried(evidence []string, n int64) bool {
	return slices.ContainsFunc(evidence, func(id string) bool { return slices.Contains(r.counted[id], n) })
}
