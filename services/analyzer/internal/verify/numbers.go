package verify

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/facts"
)

// kind is what a number counts.
type kind int

const (
	plain    kind = iota // no unit, or one that is not known here
	percent              // percent, also of shares
	times                // a factor
	samples              // of the profiler
	te                   // thread equivalents
	rate                 // per second
	duration             // in ms
)

// number is a number in a text.
type number struct {
	value    float64
	slack    float64 // half a unit of the last printed digit, 0 for whole numbers
	kind     kind
	loose    bool // no unit, and nothing behind it that could be one, as in "between 90 and 97 %"
	from, to int  // bytes of the number with its unit
}

var (
	numeral  = regexp.MustCompile(`(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?`)
	unitForm = regexp.MustCompile(`^[ \x{a0}\x{202f}-]?(?:` +
		`(?P<percent>%|percent|per cent|percentage points?|points?|pp\b)|` +
		`(?P<times>×|x\b|times\b|-?fold\b)|` +
		`(?P<samples>samples?\b)|` +
		`(?P<te>TEs?\b|thread equivalents?\b)|` +
		`(?P<rate>(?:records?|events?|rows?|elements?)?[ ]?(?:/s\b|per second))|` +
		`(?P<us>µs\b|us\b|microseconds?\b)|(?P<ms>ms\b|milliseconds?\b)|(?P<s>s\b|secs?\b|seconds?\b)|(?P<min>min\b|minutes?\b))`)
	loosely  = regexp.MustCompile(`^\s*(?:$|[.,;:)!?–—-]|(?:and|to|or|of)\b)`)
	scale    = regexp.MustCompile(`^[kKM]\b`)
	spelt    = regexp.MustCompile(`(?i)\b(?:half|halve[sd]?|halving|twice|thrice|doubl(?:e[sd]?|ing)|tripl(?:e[sd]?|ing)|quadrupl(?:e[sd]?|ing)|` + spelled + `[- ]?(?:fold|times|per ?cent|percent|ms|milliseconds?|seconds?|samples?)|a (?:third|quarter|fifth|tenth)|(?:two|three) (?:thirds|quarters)|orders? of magnitude)\b`)
	foreign  = regexp.MustCompile(`[^\P{N}0-9]|[٪％‰]`)
	unitName = unitForm.SubexpNames()
)

// spelled are numbers in words.
const spelled = `(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|seventy|` +
	`eighty|ninety|hundred|thousand|million)(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?`

// kinds maps the groups of unitForm. Durations are brought to ms by scales.
var (
	kinds = map[string]kind{
		"percent": percent, "times": times, "samples": samples, "te": te, "rate": rate,
		"us": duration, "ms": duration, "s": duration, "min": duration,
	}
	scales = map[string]float64{"us": 0.001, "s": 1000, "min": 60000}
)

// numbers finds the numbers in a text from which names were masked.
func numbers(text string) []number {
	var out []number
	for _, m := range numeral.FindAllStringIndex(text, -1) {
		out = append(out, parseNumber(text, m[0], m[1]))
	}
	return out
}

// parseNumber reads the number between the bytes and the unit after it.
func parseNumber(text string, from, to int) number {
	digits := strings.ReplaceAll(text[from:to], ",", "")
	value, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		value = math.Inf(1) // matches nothing
	}
	n := number{value: value, from: from, to: to}
	if _, frac, ok := strings.Cut(digits, "."); ok {
		n.slack = 0.5 * math.Pow10(-len(frac))
	}
	if s := scale.FindString(text[to:]); s != "" {
		factor := map[string]float64{"k": 1e3, "K": 1e3, "M": 1e6}[s]
		n.slack = max(n.slack, 0.05) * factor
		n.value *= factor
		n.to++
	}
	n.unit(text)
	return n
}

// unit reads the unit behind the number.
func (n *number) unit(text string) {
	m := unitForm.FindStringSubmatchIndex(text[n.to:])
	if m == nil {
		before := strings.TrimRight(text[:n.from], " ")
		if strings.HasSuffix(before, "×") || strings.HasSuffix(before, " x") {
			n.kind = times
		}
		n.loose = loosely.MatchString(text[n.to:])
		return
	}
	for i, name := range unitName {
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

// says reports whether a quoted number is the measured one: within half a point of percent (less for shares below
// 5 %), 1 % of the value, or what was rounded away.
func (n number) says(measured number) bool {
	switch {
	case n.kind == measured.kind:
	case n.kind == plain && (n.loose || measured.kind != percent):
	default:
		return false
	}
	slack := max(n.slack, 0.01*math.Abs(measured.value))
	if measured.kind == percent {
		slack = max(slack, min(0.5, 0.1*measured.value))
	}
	return math.Abs(n.value-measured.value) <= slack+1e-9
}

// measuredBy returns the numbers of a fact.
func measuredBy(f events.Fact) []number {
	out := append(numbers(maskNames(f.Text)), number{value: facts.Value(f), kind: kindOf(f.Unit)})
	if f.Unit == facts.UnitShare {
		out = append(out, number{value: f.Value})
	}
	if f.Samples > 0 {
		out = append(out, number{value: float64(f.Samples), kind: samples})
	}
	if f.StdErr > 0 && f.Unit == facts.UnitShare {
		out = append(out, number{value: f.StdErr * 100, kind: percent})
	}
	return out
}

// kindOf returns the kind of the unit of a fact.
func kindOf(unit string) kind {
	switch unit {
	case facts.UnitShare:
		return percent
	case facts.UnitTE:
		return te
	case "samples":
		return samples
	case "records/s":
		return rate
	case "ms":
		return duration
	}
	return plain
}
