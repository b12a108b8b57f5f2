package wording

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Unknown stands where a number is not known.
const Unknown = "–"

const (
	belowTen  = 9.95 // what rounds to less than ten gets a digit more
	thousands = 3    // digits between two commas
	maxWhole  = 1e15 // larger numbers are cut
	maxTimes  = 1e9
)

// Percent writes a share of 0 to 1: "97 %", "0.4 %" with a digit more below ten, and [Unknown] for a negative one.
func Percent(share float64) string {
	if share < 0 || math.IsNaN(share) {
		return Unknown
	}
	return percent(share) + " %"
}

// percent is the number of [Percent].
func percent(share float64) string {
	x := share * 100
	if x > 0 && x < belowTen {
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 0, 64)
}

// Times writes a factor: "33×" or "1.4×".
func Times(x float64) string {
	if x < belowTen {
		return strconv.FormatFloat(x, 'f', 1, 64) + "×"
	}
	return Whole(min(x, maxTimes)) + "×"
}

// Rate writes a number per second, rounded: "4,815", "3.2", "0", and [Unknown] for a negative one.
func Rate(x float64) string {
	if x < 0 || math.IsNaN(x) {
		return Unknown
	}
	if x > 0 && x < belowTen {
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return Whole(x)
}

// Whole writes a number without its fraction, rounded: "4,815".
func Whole(x float64) string {
	return Count(int64(math.Round(min(max(x, -maxWhole), maxWhole))))
}

// Count writes a number with its thousands set apart: "1,180".
func Count[T int | int64 | uint64](n T) string {
	return apart(strconv.FormatInt(int64(n), 10))
}

// Plural writes "1 subtask" or "2 subtasks".
func Plural[T int | int64 | uint64](n T, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(n) + " " + noun + "s"
}

// TE writes thread equivalents as "0.97 threads", the time of as many threads that do nothing else.
func TE(x float64) string { return fmt.Sprintf("%.2f threads", x) }

// Decimal writes x with at most the given decimals, none when it is whole or at least 100, and with its thousands set
// apart.
func Decimal(x float64, decimals int) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "unknown"
	}
	if math.Abs(x) >= 100 || decimals > 1 && x == math.Trunc(x) {
		decimals = 0
	}
	return apart(strconv.FormatFloat(x, 'f', decimals, 64))
}

// apart sets the thousands of a written number apart.
func apart(s string) string {
	whole, fraction, cut := strings.Cut(s, ".")
	digits := strings.TrimPrefix(whole, "-")
	sign := whole[:len(whole)-len(digits)]
	for i := len(digits) - thousands; i > 0; i -= thousands {
		digits = digits[:i] + "," + digits[i:]
	}
	if cut {
		fraction = "." + fraction
	}
	return sign + digits + fraction
}

// Bytes writes a number of bytes: "812 B", "1.4 MiB".
func Bytes(n int64) string {
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
