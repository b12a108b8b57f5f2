package report

import (
	"time"

	"squirrly.dev/pkg/events"
)

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
