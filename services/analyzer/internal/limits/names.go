package limits

import (
	"strconv"
	"strings"
	"time"

	"squirrly.dev/internal/jobcontext"
)

// What contexts of version 1 know of attempts stands in the names of threads, "map (1/2)#15", and says since the start of
// the job, not when. The accumulated times say how old the running attempt is.
const (
	youngAttempt  = 2 * time.Minute // an older one was not begun by what a capture of seconds has seen
	muchYounger   = 0.5             // of the age of the job
	legacyThread  = "Legacy Source Thread - "
	attemptMarker = "#"
)

// restartByNames finds a restart in a context of version 1: an attempt above the first, whose accumulated time began
// within the capture, or is young and much younger than the job.
func restartByNames(c *jobcontext.Context, series map[subtaskKey]readings) *Incident {
	attempts, even := attemptsByNames(c)
	if attempts == 0 {
		return nil
	}
	ran, known := attemptAge(series)
	life, span := age(c), spanOf(series)
	if !known || life == 0 || ran >= life {
		return nil
	}
	begunHere := ran < span || fell(series)
	if !begunHere && (ran > youngAttempt || float64(ran) > muchYounger*float64(life)) {
		return nil
	}
	if len(c.Exceptions) == 0 && attempts == 1 && even {
		return &Incident{Happening: Rescaled, Within: span}
	}
	i := &Incident{Happening: Restarted, Restarts: attempts, Within: life, Ages: true}
	if len(c.Exceptions) > 0 {
		class, message, _ := strings.Cut(c.Exceptions[0], ": ")
		i.throw(class, message)
	}
	return i
}

// attemptsByNames returns the highest attempt in the names of the job's task threads, from 0, and whether all subtasks
// are in the same one.
func attemptsByNames(c *jobcontext.Context) (highest int, even bool) {
	latest := map[string]int{}
	for _, thread := range c.Threads {
		name, attempt, ok := cutAttempt(strings.TrimPrefix(thread.Name, legacyThread))
		if !ok || !ofVertex(c, name) {
			continue
		}
		latest[name] = max(latest[name], attempt)
		highest = max(highest, latest[name])
	}
	even = true
	for _, n := range latest {
		even = even && n == highest
	}
	return highest, even
}

// cutAttempt splits "map (1/2)#15" into "map (1/2)" and 15.
func cutAttempt(thread string) (name string, attempt int, ok bool) {
	at := strings.LastIndex(thread, attemptMarker)
	if at < 0 {
		return "", 0, false
	}
	attempt, err := strconv.Atoi(thread[at+1:])
	return thread[:at], attempt, err == nil && attempt >= 0
}

// ofVertex reports that a task, "map (1/2)", is of a vertex of the job.
func ofVertex(c *jobcontext.Context, task string) bool {
	at := strings.LastIndex(task, " (")
	if at < 0 {
		return false
	}
	for i := range c.Vertices {
		if c.Vertices[i].Name == task[:at] {
			return true
		}
	}
	return false
}

// attemptAge returns the accumulated time of the youngest subtask that ran: busy, idle and backpressured. It is not known
// when no subtask counts all three.
func attemptAge(series map[subtaskKey]readings) (ran time.Duration, known bool) {
	for _, rs := range series {
		last := &rs[len(rs)-1]
		if rs.finished() || last.BusyMillis < 0 {
			continue
		}
		sum := time.Duration(last.BusyMillis+last.IdleMillis+last.BackPressuredMillis) * time.Millisecond
		if sum > 0 && (!known || sum < ran) {
			ran, known = sum, true
		}
	}
	return ran, known
}

// fell reports that the idle or backpressured time of a subtask went back, which only another attempt does.
func fell(series map[subtaskKey]readings) bool {
	for _, rs := range series {
		for i := 1; i < len(rs); i++ {
			if rs[i].IdleMillis < rs[i-1].IdleMillis || rs[i].BackPressuredMillis < rs[i-1].BackPressuredMillis {
				return true
			}
		}
	}
	return false
}
