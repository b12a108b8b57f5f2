package report

import (
	"strconv"
	"time"

	"squirrly.dev/pkg/events"
)

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

// label is the word before the headline.
func label(l events.Limit) string {
	switch l {
	case events.LimitVertex:
		return "Verdict"
	case events.LimitNone:
		return "Not limited"
	case events.LimitCPU:
		return "CPU starvation"
	case events.LimitBackpressured:
		return "Backpressured"
	case events.LimitBursts:
		return "Backpressured in bursts"
	case events.LimitRestarting:
		return "Restarting"
	case events.LimitStarting:
		return "Not running yet"
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
