package diagnose

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"squirrly.dev/pkg/events"
)

// percent writes a share as "97 %", with a digit more below ten.
func percent(share float64) string {
	x := share * 100
	if x < 9.95 && x > 0 {
		return strconv.FormatFloat(x, 'f', 1, 64) + " %"
	}
	return strconv.FormatFloat(x, 'f', 0, 64) + " %"
}

// times writes a factor as "33×" or "1.4×".
func times(x float64) string {
	if x < 9.95 {
		return strconv.FormatFloat(x, 'f', 1, 64) + "×"
	}
	return strconv.FormatFloat(x, 'f', 0, 64) + "×"
}

// number writes a count with thousands set apart: "1,180".
func number[T int | int64 | uint64](n T) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural returns "1 subtask" or "2 subtasks".
func plural[T int | int64 | uint64](n T, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return number(n) + " " + noun + "s"
}

func te(x float64) string { return fmt.Sprintf("%.2f thread equivalents", x) }

// simple drops the package of a Java name: "com.shop.Cart.add" becomes "Cart.add", and the class "com.shop.Cart", in
// which allocations and locks end, "Cart".
func simple(name string) string {
	if strings.ContainsAny(name, ":( /") {
		return name
	}
	method := strings.LastIndexByte(name, '.')
	if method < 0 {
		return name
	}
	if rest := name[method+1:]; rest != "" && rest[0] >= 'A' && rest[0] <= 'Z' {
		return rest
	}
	return name[strings.LastIndexByte(name[:method], '.')+1:]
}

// classOf returns the class of a Java frame: everything before the method.
func classOf(frame string) string {
	i := strings.LastIndexByte(frame, '.')
	if i < 0 {
		return ""
	}
	return frame[:i]
}

// packageOf returns the package of a Java frame; what generated code has none is told by its class.
func packageOf(frame string) string {
	class := classOf(frame)
	if i := strings.LastIndexByte(class, '.'); i >= 0 {
		return class[:i]
	}
	return class
}

// list joins names as "a", "a and b", "a, b and c".
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// where names an anchor and the frame that matched below it.
func where(anchor, frame string) string {
	if frame == "" || frame == anchor {
		return simple(anchor)
	}
	return simple(anchor) + " → " + simple(frame)
}

// shorten keeps a path readable: no frame twice in a row, and at most limit frames, the middle left out.
func shorten(path []string, limit int) []string {
	path = slices.Compact(slices.Clone(path))
	if len(path) <= limit {
		return path
	}
	head := limit / 2
	tail := limit - head - 1
	out := slices.Clone(path[:head])
	out = append(out, fmt.Sprintf("… %d frames …", len(path)-head-tail))
	return append(out, path[len(path)-tail:]...)
}

// standardError is the sampling error of a share p of n samples. One more sample of each kind keeps it above zero where
// all samples agree.
func standardError(p, n float64) float64 {
	if n <= 0 {
		return 0
	}
	p = (p*n + 1) / (n + 2)
	return math.Sqrt(max(0, p*(1-p)) / n)
}

var confidences = []events.Confidence{events.ConfidenceLow, events.ConfidenceMedium, events.ConfidenceHigh}

// bySamples returns the confidence that a number of samples carries.
func bySamples(n uint64) events.Confidence {
	switch {
	case n >= 100:
		return events.ConfidenceHigh
	case n >= 30:
		return events.ConfidenceMedium
	default:
		return events.ConfidenceLow
	}
}

// lower returns a confidence some steps down.
func lower(c events.Confidence, steps int) events.Confidence {
	return confidences[max(0, slices.Index(confidences, c)-steps)]
}

func lowest(a, b events.Confidence) events.Confidence {
	if slices.Index(confidences, a) < slices.Index(confidences, b) {
		return a
	}
	return b
}
