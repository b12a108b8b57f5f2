// Package facts says how a numbered fact is printed and compared, so that the prompt and the verifier of the answer
// cannot differ about it. It computes no evidence.
package facts

import (
	"math"
	"strconv"
	"strings"

	"squirrly.dev/pkg/events"
)

// Units of facts whose values are not printed as they are stored.
const (
	UnitShare = "share" // 0 to 1, printed in percent
	UnitTE    = "te"    // thread equivalents
)

// Value returns the value of a fact as it is printed: shares in percent, everything else unchanged.
func Value(f events.Fact) float64 {
	if f.Unit == UnitShare {
		return f.Value * 100
	}
	return f.Value
}

// Print returns the value of a fact with its unit, for example "97.0 %", "1.94 TE" or "1,180 samples".
func Print(f events.Fact) string {
	switch f.Unit {
	case UnitShare:
		return Number(Value(f), 1) + " %"
	case UnitTE:
		return Number(f.Value, 2) + " TE"
	case "", "count":
		return Number(f.Value, 2)
	}
	return Number(f.Value, 2) + " " + f.Unit
}

// Number prints x with at most the given decimals, none when it is whole or at least 100, and with thousands
// separated by commas.
func Number(x float64, decimals int) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "unknown"
	}
	if math.Abs(x) >= 100 || decimals > 1 && x == math.Trunc(x) {
		decimals = 0
	}
	s := strconv.FormatFloat(x, 'f', decimals, 64)
	whole, frac, _ := strings.Cut(s, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if frac != "" {
		frac = "." + frac
	}
	return sign + whole + frac
}

// libraries are the packages that are not the user's own code.
var libraries = []string{
	"java.", "javax.", "jdk.", "sun.", "com.sun.", "scala.", "kotlin.", "org.apache.", "com.esotericsoftware.",
	"io.netty.", "org.rocksdb.", "com.fasterxml.", "org.slf4j.", "ch.qos.logback.",
}

// Library reports whether a frame belongs to the JDK, to Flink or to a well-known library.
func Library(frame string) bool {
	for _, p := range libraries {
		if strings.HasPrefix(frame, p) {
			return true
		}
	}
	return !strings.Contains(frame, ".") || strings.Contains(frame, "::")
}

// Short returns Class.method of a frame that carries a package; native frames and classes stay as they are.
func Short(frame string) string {
	if strings.Contains(frame, "::") || strings.Contains(frame, "(") {
		return frame
	}
	frame = strings.ReplaceAll(frame, "/", ".")
	dot := strings.LastIndexByte(frame, '.')
	if dot <= 0 || dot+1 < len(frame) && frame[dot+1] >= 'A' && frame[dot+1] <= 'Z' {
		return frame
	}
	return frame[strings.LastIndexByte(frame[:dot], '.')+1:]
}
