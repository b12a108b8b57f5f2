package report

import (
	"time"

	"squirrly.dev/pkg/events"
)

// Words that stand in several forms.
const (
	evidenceTitle = "Evidence"
	jobTitle      = "Job"
	flameTitle    = "Where its time goes"
	labelVerdict  = "Verdict"
	docs          = "Documentation"
	degraded      = "Degraded: a part of the analysis could not be done."
)

// moment writes a time in UTC, to the minute.
func moment(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 UTC") }

// momentOrNone is [moment], and empty for a time that is not known.
func momentOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return moment(t)
}

// label is the word before the headline.
func label(l events.Limit) string {
	switch l {
	case events.LimitVertex, events.LimitCPU: // of the latter the headline says it
		return labelVerdict
	case events.LimitNone:
		return "Not limited"
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
