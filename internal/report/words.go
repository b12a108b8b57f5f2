package report

import (
	"math"
	"strconv"
	"strings"
	"time"

	"squirrly.dev/pkg/events"
)

const unknown = "–"

// percent writes a share: "97 %", "0.4 %", and "–" for an unknown one (below 0).
func percent(share float64) string {
	x := share * 100
	switch {
	case share < 0 || math.IsNaN(share):
		return unknown
	case x > 0 && x < 9.95:
		return strconv.FormatFloat(x, 'f', 1, 64) + " %"
	}
	return strconv.FormatFloat(x, 'f', 0, 64) + " %"
}

// times writes a factor: "33×" or "1.4×".
func times(x float64) string {
	if x < 9.95 {
		return strconv.FormatFloat(x, 'f', 1, 64) + "×"
	}
	return count(int64(math.Round(min(x, 1e9)))) + "×"
}

// rate writes a number per second: "4,815", "3.2", "0".
func rate(x float64) string {
	if x > 0 && x < 9.95 {
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return count(int64(math.Round(max(0, min(x, 1e15)))))
}

// count writes a number with its thousands set apart: "1,180".
func count[T int | int64](n T) string {
	s := strconv.FormatInt(int64(n), 10)
	digits := strings.TrimPrefix(s, "-")
	sign := s[:len(s)-len(digits)]
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// plural writes "1 subtask" or "2 subtasks".
func plural[T int | int64](n T, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}

// size writes a number of bytes: "812 B", "1.4 MiB".
func size(n int64) string {
	x, unit := float64(n), 0
	units := []string{"B", "KiB", "MiB", "GiB"}
	for x >= 1024 && unit < len(units)-1 {
		x /= 1024
		unit++
	}
	if unit == 0 || x >= 100 {
		return strconv.FormatFloat(x, 'f', 0, 64) + " " + units[unit]
	}
	return strconv.FormatFloat(x, 'f', 1, 64) + " " + units[unit]
}

// moment writes a time in UTC, to the minute.
func moment(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 UTC") }

// simple drops the package of a Java name: "com.shop.Cart.add" becomes "Cart.add".
func simple(name string) string {
	if strings.ContainsAny(name, ":( /") {
		return name
	}
	method := strings.LastIndexByte(name, '.')
	if method < 0 {
		return name
	}
	return name[strings.LastIndexByte(name[:method], '.')+1:]
}

// place names a function, and what it does if that is another one.
func place(anchor, frame string) string {
	switch {
	case anchor == "":
		return simple(frame)
	case frame == "" || frame == anchor:
		return simple(anchor)
	}
	return simple(anchor) + " → " + simple(frame)
}

// label is the word before the headline.
func label(l events.Limit) string {
	switch l {
	case events.LimitVertex:
		return "Verdict"
	case events.LimitNone:
		return "Not limited"
	case events.LimitCPU:
		return "CPU starvation"
	}
	return "Limit unknown"
}

func origin(o events.Origin) string {
	switch o {
	case events.OriginLLM:
		return "by the LLM"
	case events.OriginBoth:
		return "by rules and the LLM"
	}
	return "by rules"
}
