package limits

import (
	"fmt"
	"strconv"
	"time"
)

// Text says in a sentence what happened to the job.
func (i *Incident) Text() string {
	switch i.Happening {
	case Restarted:
		text := "The job restarted " + i.Count()
		if i.Failure == "" {
			return text + "; its exception is not known."
		}
		return text + ", " + i.Failure + "."
	case Rescaled:
		return "All tasks of the job began anew together while it was profiled, as in a rescale; no failure is known."
	case Restoring:
		return "The tasks restore their state (StreamTask.restore): profile again when they run."
	default:
		return fmt.Sprintf("%s was %s and not RUNNING while the job was profiled: profile again when all tasks run.", i.Vertex, i.Status)
	}
}

// Count says how often the job restarted: "at least 15 times in 46 s".
func (i *Incident) Count() string {
	text := "at least " + timesText(i.Restarts)
	if i.Within > 0 {
		text += " in " + durationText(i.Within)
	}
	return text
}

func timesText(n int) string {
	if n == 1 {
		return "once"
	}
	return strconv.Itoa(n) + " times"
}

// durationText writes a time as people say it: "46 s", "12 min", "5 h", "3 days".
func durationText(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}
