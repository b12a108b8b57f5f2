package flink

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// durationLabels are the units that Flink's TimeUtils knows, in lower case. No label means milliseconds.
var durationLabels = map[string]time.Duration{
	"d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour,
	"h": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"min": time.Minute, "m": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"s": time.Second, "sec": time.Second, "secs": time.Second, "second": time.Second, "seconds": time.Second,
	"": time.Millisecond, "ms": time.Millisecond, "milli": time.Millisecond, "millis": time.Millisecond,
	"millisecond": time.Millisecond, "milliseconds": time.Millisecond,
	"µs": time.Microsecond, "micro": time.Microsecond, "micros": time.Microsecond,
	"microsecond": time.Microsecond, "microseconds": time.Microsecond,
	"ns": time.Nanosecond, "nano": time.Nanosecond, "nanos": time.Nanosecond,
	"nanosecond": time.Nanosecond, "nanoseconds": time.Nanosecond,
}

var isoDuration = regexp.MustCompile(`^P(?:(\d{1,6})D)?(?:T(?:(\d{1,8})H)?(?:(\d{1,8})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?$`)

// ParseDuration reads a duration of Flink's configuration as Flink does: a whole number and a unit ("1 min", "500ms",
// "2 Hours"), a number alone, which is milliseconds, or ISO 8601 ("PT10S"), which only Flink 2 accepts. What Flink
// refuses ("1h30m", "1.5 s", "2 mins") is an error, and so is what does not fit into a [time.Duration].
func ParseDuration(text string) (time.Duration, error) {
	s := strings.TrimSpace(text)
	digits := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(s)
	}
	if digits == 0 {
		return parseISO(text, strings.ToUpper(s))
	}
	unit, known := durationLabels[strings.ToLower(strings.TrimSpace(s[digits:]))]
	n, err := strconv.ParseInt(s[:digits], 10, 64)
	if !known || err != nil || n > math.MaxInt64/int64(unit) {
		return 0, notADuration(text)
	}
	return time.Duration(n) * unit, nil
}

func parseISO(text, upper string) (time.Duration, error) {
	m := isoDuration.FindStringSubmatch(upper)
	if m == nil || upper == "P" || strings.HasSuffix(upper, "T") {
		return 0, notADuration(text)
	}
	sum := 0.0
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		n, _ := strconv.ParseFloat("0"+m[i+1], 64) // digits only, or nothing
		sum += n * float64(unit)
	}
	if sum >= math.MaxInt64 {
		return 0, notADuration(text)
	}
	return time.Duration(sum), nil
}

func notADuration(text string) error {
	return fmt.Errorf("%q is not a duration of Flink", shorten(text, 40))
}
