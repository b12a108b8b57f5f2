package check

import (
	"math"
	"strconv"
	"strings"

	"squirrly.dev/internal/lazyregexp"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// kind is what a number counts.
type kind int

const (
	plain    kind = iota // no unit, or one that is not known here
	percent              // percent, also of shares
	points               // percentage points: a difference of two shares
	times                // a factor
	samples              // of the profiler
	te                   // thread equivalents
	rate                 // per second
	duration             // in ms
	size                 // in bytes
	cores                // of CPU
)

// number is a number in a text.
type number struct {
	value    float64
	slack    float64 // what was rounded away: half a unit of the last printed digit, 0 for whole numbers
	kind     kind
	loose    bool // no unit, and nothing behind it that could be one, as in "between 90 and 97 %"
	bound    bound
	from, to int     // bytes of the number with its unit
	of       *source // of a measured number; nil is nothing in particular
}

var (
	numeral  = lazyregexp.New(`(?:\d{1,3}(?:[,'’]\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?)`)
	unitForm = lazyregexp.New(`^[ -]?(?:` +
		`(?P<points>percentage points?|points?\b|pp\b)|` +
		`(?P<percent>%|percent|per cent)|` +
		`(?P<times>×|x\b|times\b|-?fold\b)|` +
		`(?P<samples>(?:(?:stack|profiler|wall|cpu) )?samples?\b)|` +
		`(?P<te>TEs?\b|thread[ -]equivalents?\b)|` +
		`(?P<rate>(?:(?:incoming|outgoing|input|output) )?(?:records?|events?|rows?|elements?)?[ ]?(?:/ ?s\b|/sec\b|per second|a second|each second))|` +
		`(?P<gib>[GT]i?B\b|gigabytes?\b)|(?P<mib>Mi?B\b|megabytes?\b)|(?P<kib>[kK]i?B\b|kilobytes?\b)|(?P<byte>B\b|bytes?\b)|` +
		`(?P<cores>(?:CPU )?cores?\b)|` +
		`(?P<ns>ns\b|nanoseconds?\b)|(?P<us>µs\b|us\b|microseconds?\b)|(?P<ms>ms\b|milliseconds?\b)|(?P<s>s\b|secs?\b|seconds?\b)|` +
		`(?P<min>min\b|minutes?\b)|(?P<h>h\b|hours?\b))`)
	loosely = lazyregexp.New(`^\s*(?:$|[.,;:)!?–—-]|(?:and|to|or|of)\b)`)
	scale   = lazyregexp.New(`^ ?(?:[kKM]\b|thousand\b|million\b)`)
	foreign = lazyregexp.New(`[^\P{N}0-9]|[٪％‰]`)
)

// kinds maps the groups of unitForm. Durations are brought to ms and sizes to bytes by scales.
var (
	kinds = map[string]kind{
		"points": points, "percent": percent, "times": times, "samples": samples, "te": te, "rate": rate, "cores": cores,
		"gib": size, "mib": size, "kib": size, "byte": size,
		"ns": duration, "us": duration, "ms": duration, "s": duration, "min": duration, "h": duration,
	}
	scales = map[string]float64{
		"ns": 1e-6, "us": 0.001, "s": 1000, "min": 60_000, "h": 3_600_000, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30,
	}
)

// numbers finds the numbers in a text from which names were masked: those in digits, then those in words.
func numbers(text string) []number {
	var out []number
	for _, m := range numeral.FindAllStringIndex(text, -1) {
		if i := len(out) - 1; i >= 0 && out[i].bound.until > 0 && out[i].to <= m[0] && !out[i].bound.closed {
			out[i].bound.closed = true // m is the other end of the range
			continue
		}
		out = append(out, parseNumber(text, m[0], m[1]))
	}
	return append(out, spelledNumbers(text)...)
}

// parseNumber reads the number between the bytes and the unit after it.
func parseNumber(text string, from, to int) number {
	digits := plainDigits(text[from:to])
	value, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		value = math.Inf(1) // matches nothing
	}
	n := number{value: value, from: from, to: to}
	if _, frac, ok := strings.Cut(digits, "."); ok {
		n.slack = 0.5 * math.Pow10(-len(frac))
	}
	if s := strings.TrimSpace(scale.FindString(text[to:])); s != "" {
		factor := map[byte]float64{'k': 1e3, 'K': 1e3, 't': 1e3, 'M': 1e6, 'm': 1e6}[s[0]]
		n.slack = max(n.slack, 0.05) * factor
		n.value *= factor
		n.to += len(scale.FindString(text[to:]))
	}
	n.negate(text)
	n.unit(text)
	n.context(text)
	return n
}

// grouped are digits in groups of three.
var grouped = lazyregexp.New(`^\d{1,3}(?:[,'’]\d{3})+(?:\.\d+)?$`)

// plainDigits removes separators of thousands and makes a decimal comma a point.
func plainDigits(s string) string {
	if grouped.MatchString(s) {
		return strings.NewReplacer(",", "", "'", "", "’", "").Replace(s)
	}
	return strings.ReplaceAll(s, ",", ".")
}

// minus stands before a negative number, and not between two numbers of a range.
var minus = lazyregexp.New(`(?:^|[\s(])[-−–]$`)

func (n *number) negate(text string) {
	if minus.MatchString(text[max(0, n.from-window):n.from]) {
		n.value = -n.value
	}
}

// unit reads the unit behind the number.
func (n *number) unit(text string) {
	m := unitForm.FindStringSubmatchIndex(text[n.to:])
	if m == nil {
		before := strings.TrimRight(text[max(0, n.from-window):n.from], " ")
		if strings.HasSuffix(before, "×") || strings.HasSuffix(before, " x") {
			n.kind = times
		}
		n.loose = loosely.MatchString(text[n.to:])
		return
	}
	for i, name := range unitForm.Get().SubexpNames() {
		if name == "" || m[2*i] < 0 {
			continue
		}
		n.kind = kinds[name]
		if f, ok := scales[name]; ok {
			n.value *= f
			n.slack *= f
		}
	}
	n.to += m[1]
}

// says reports whether a quoted number is the measured one: within half a unit of its last digit, half a point of whole
// percent, half a percent of the value, or what its words leave open.
func (n number) says(measured number) bool {
	if n.kind != measured.kind && (n.kind != plain || !n.loose) {
		return false
	}
	slack := max(n.slack, 0.005*math.Abs(measured.value))
	if measured.kind == percent && n.slack == 0 && n.value >= 1 {
		slack = max(slack, 0.5)
	}
	return n.bound.allows(n.value, measured.value, slack+1e-9)
}

// measuredBy returns the numbers of a fact.
func measuredBy(f events.Fact, of *source) []number {
	value := number{value: wording.Value(f), kind: kindOf(f.Unit), of: of}
	out := numbers(maskNames(f.Text))
	for i := range out {
		from, to := clauseAt(f.Text, out[i].from)
		out[i].of, out[i].bound = of.loaded(loadsIn(f.Text[from:to])), bound{}
		if out[i].says(value) && value.of.load == "" {
			value.of = out[i].of
		}
	}
	out = append(out, value)
	if f.Unit == wording.UnitShare {
		out = append(out, number{value: f.Value, of: of})
	}
	if f.Samples > 0 {
		out = append(out, number{value: float64(f.Samples), kind: samples, of: of})
	}
	if f.StdErr > 0 && f.Unit == wording.UnitShare {
		out = append(out, number{value: f.StdErr * 100, kind: percent, of: &source{id: f.ID, frames: of.frames, load: "error"}})
	}
	return out
}

// tagged says of all numbers what they are about.
func tagged(all []number, of *source) []number {
	for i := range all {
		all[i].of, all[i].bound = of, bound{}
	}
	return all
}

// unitKinds are the kinds of the units of facts.
var unitKinds = map[string]kind{
	wording.UnitShare: percent, wording.UnitTE: te, "samples": samples, "records/s": rate, "ms": duration, "cores": cores,
	"bytes": size,
}

// kindOf returns the kind of the unit of a fact.
func kindOf(unit string) kind { return unitKinds[unit] }
