package target

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"squirrly.dev/internal/flink"
)

// flinkDurationMax is Flink's default of rest.profiling.duration-max.
const flinkDurationMax = 5 * time.Minute

// durationLimit is how long one profile may be there; 0 is unknown.
func durationLimit(config flink.Config) time.Duration {
	value, set := config["rest.profiling.duration-max"]
	if !set {
		return flinkDurationMax
	}
	limit, ok := parseDuration(value)
	if !ok {
		return 0
	}
	return limit
}

var (
	plain = regexp.MustCompile(`^(\d{1,15})\s*([a-zµ]*)$`)
	iso   = regexp.MustCompile(`^P(?:(\d{1,6})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:\.\d+)?S)?)?$`)

	units = map[string]time.Duration{
		"d": 24 * time.Hour, "day": 24 * time.Hour, "h": time.Hour, "hour": time.Hour,
		"m": time.Minute, "min": time.Minute, "minute": time.Minute, "s": time.Second, "sec": time.Second, "second": time.Second,
		"": time.Millisecond, "ms": time.Millisecond, "milli": time.Millisecond, "millisecond": time.Millisecond,
		"µs": time.Microsecond, "micro": time.Microsecond, "microsecond": time.Microsecond,
		"ns": time.Nanosecond, "nano": time.Nanosecond, "nanosecond": time.Nanosecond,
	}
)

// parseDuration reads a duration as Flink writes it: "5 min", "300s", a number of milliseconds, or ISO 8601.
func parseDuration(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if m := iso.FindStringSubmatch(s); m != nil && s != "P" {
		var sum time.Duration
		for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
			n, _ := strconv.ParseInt("0"+m[i+1], 10, 64) // digits only, or nothing
			sum += time.Duration(n) * unit
		}
		return sum, sum > 0
	}
	m := plain.FindStringSubmatch(strings.ToLower(s))
	if m == nil {
		return 0, false
	}
	unit, ok := units[m[2]]
	if !ok {
		unit, ok = units[strings.TrimSuffix(m[2], "s")] // plurals
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	sum := time.Duration(n) * unit
	return sum, ok && err == nil && sum > 0 && sum/unit == time.Duration(n)
}
