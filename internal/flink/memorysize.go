package flink

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// memoryUnits are the units that Flink's MemorySize knows, in lower case. All are powers of two; no unit means bytes.
var memoryUnits = map[string]int64{
	"": 1, "b": 1, "bytes": 1,
	"k": 1 << 10, "kb": 1 << 10, "kibibytes": 1 << 10,
	"m": 1 << 20, "mb": 1 << 20, "mebibytes": 1 << 20,
	"g": 1 << 30, "gb": 1 << 30, "gibibytes": 1 << 30,
	"t": 1 << 40, "tb": 1 << 40, "tebibytes": 1 << 40,
}

// ParseMemorySize reads a memory size of Flink's configuration in bytes, as Flink does: a whole number and a unit ("64 mb",
// "1536m"), or a number alone. What Flink refuses ("1.5 gb") is an error.
func ParseMemorySize(text string) (int64, error) {
	s := strings.TrimSpace(text)
	digits := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(s)
	}
	unit, known := memoryUnits[strings.ToLower(strings.TrimSpace(s[digits:]))]
	n, err := strconv.ParseInt(s[:digits], 10, 64)
	if !known || err != nil || n > math.MaxInt64/unit {
		return 0, fmt.Errorf("%q is not a memory size of Flink", shorten(text, 40))
	}
	return n * unit, nil
}
