package limits

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/wording"
)

// change is that a subtask of one reading runs in another attempt in the next one.
type change struct {
	key      subtaskKey
	attempts int   // by which the number grew
	from, to int64 // start times of both attempts, epoch ms; 0 is unknown
}

// changesOf lists every later attempt within the windows, of contexts that know attempts.
func changesOf(series map[subtaskKey]readings) []change {
	var all []change
	for key, rs := range series {
		for i := 1; i < len(rs); i++ {
			a, b := &rs[i-1], &rs[i]
			later := a.StartTime > 0 && b.StartTime > a.StartTime
			if b.Attempt > a.Attempt || later {
				all = append(all, change{key, max(1, b.Attempt-a.Attempt), a.StartTime, b.StartTime})
			}
		}
	}
	return all
}

// restartOf finds restarts and rescales within the windows: a higher attempt, or a later start. An exception alone proves
// nothing, since Flink keeps those of days.
func restartOf(c *jobcontext.Context, series map[subtaskKey]readings) *Incident {
	changes := changesOf(series)
	span := spanOf(series)
	if len(changes) == 0 && !resized(c) {
		return cmp.Or(stateOf(c), slowLoop(c))
	}
	by := map[subtaskKey]int{}
	most, even := 0, true
	for _, x := range changes {
		by[x.key] += x.attempts
		most = max(most, by[x.key])
	}
	for _, n := range by {
		even = even && n == most
	}
	failure := failureIn(c, changes)
	together := resized(c) || even && most == 1 && len(by) == unfinished(series)
	if failure == nil && together {
		return &Incident{Happening: Rescaled, Within: span}
	}
	i := &Incident{Happening: Restarted, Restarts: max(1, most), Within: span}
	i.blame(c, failure)
	return i
}

// stateOf reads a restart from the state of the job itself.
func stateOf(c *jobcontext.Context) *Incident {
	switch c.Job.State {
	case "RESTARTING", "FAILING", "FAILED":
	default:
		return nil
	}
	i := &Incident{Happening: Restarted, Restarts: 1, Within: age(c), Ages: true}
	if len(c.Failures) > 0 {
		i.blame(c, &c.Failures[0])
	}
	return i
}

// slowLoop finds a job that fails again and again, less often than a capture is long: its attempt is young, it is not the
// first ones, and several failures are as young.
func slowLoop(c *jobcontext.Context) *Incident {
	attempt, began := 0, int64(0)
	for _, v := range c.Vertices {
		for _, s := range v.Subtasks {
			attempt, began = max(attempt, s.Attempt), max(began, s.StartTime)
		}
	}
	young := began > 0 && c.Job.Now-began < youngAttempt.Milliseconds()
	recent := 0
	for _, f := range c.Failures {
		if c.Job.Now-f.At < int64(loopRestarts+2)*youngAttempt.Milliseconds() {
			recent++
		}
	}
	if attempt < loopRestarts || !young || recent < loopRestarts {
		return nil
	}
	i := &Incident{Happening: Restarted, Restarts: attempt, Within: age(c), Ages: true}
	i.blame(c, &c.Failures[0])
	return i
}

// resized reports that a vertex had other numbers of subtasks in some readings than in others.
func resized(c *jobcontext.Context) bool {
	sizes := map[string]int{}
	for _, w := range c.Windows {
		for _, sample := range w.Samples {
			here := map[string]int{}
			for _, s := range sample.Subtasks {
				here[s.Vertex]++
			}
			for vertex, n := range here {
				if was, ok := sizes[vertex]; ok && was != n && c.Version >= 2 {
					return true
				}
				sizes[vertex] = n
			}
		}
	}
	return false
}

func unfinished(series map[subtaskKey]readings) int {
	n := 0
	for _, rs := range series {
		if !rs.finished() {
			n++
		}
	}
	return n
}

// spanOf is the time from the first to the last reading.
func spanOf(series map[subtaskKey]readings) time.Duration {
	var first, last int64
	begun := false
	for _, rs := range series {
		for i := range rs {
			if !begun || rs[i].at < first {
				first = rs[i].at
			}
			if !begun || rs[i].at > last {
				last = rs[i].at
			}
			begun = true
		}
	}
	return time.Duration(last-first) * time.Millisecond
}

// age is how long the job has existed; 0 is unknown.
func age(c *jobcontext.Context) time.Duration {
	if c.Job.StartTime <= 0 || c.Job.Now <= c.Job.StartTime {
		return 0
	}
	return time.Duration(c.Job.Now-c.Job.StartTime) * time.Millisecond
}

// failureIn returns the newest failure between the start of an attempt and that of the one that followed it, or nil. One
// of before says nothing about these.
func failureIn(c *jobcontext.Context, changes []change) *jobcontext.Failure {
	var found *jobcontext.Failure
	for i := range c.Failures {
		f := &c.Failures[i]
		ended := slices.ContainsFunc(changes, func(x change) bool { return x.from > 0 && f.At >= x.from && f.At <= x.to })
		if ended && (found == nil || f.At > found.At || f.At == found.At && found.Message == "" && f.Message != "") {
			found = f
		}
	}
	return found
}

func (i *Incident) blame(c *jobcontext.Context, f *jobcontext.Failure) {
	if f == nil {
		return
	}
	i.Task = shortTask(c, f.Task)
	i.throw(cmp.Or(f.Cause, f.Name), f.Message)
}

// shortTask writes a task, "map (1/2)", with the short name of its vertex.
func shortTask(c *jobcontext.Context, task string) string {
	at := strings.LastIndex(task, " (")
	if at < 0 {
		return task
	}
	for i, label := range labelsOf(c) {
		if c.Vertices[i].Name == task[:at] {
			return label + task[at:]
		}
	}
	return task
}

const maxMessage = 200 // characters of the message of an exception

func (i *Incident) throw(class, message string) {
	i.Exception, i.Failure = simpleClass(class), exceptionText(class, wording.Middle(message, maxMessage))
}

// exceptionText names an exception as a reader would: without packages, without a message that repeats the class, and
// without the period of a message, since it stands within sentences.
func exceptionText(class, message string) string {
	class = strings.TrimSpace(class)
	if message = strings.TrimRight(strings.TrimSpace(message), "."); message == class || message == simpleClass(class) {
		message = ""
	}
	if message == "" {
		return simpleClass(class)
	}
	return simpleClass(class) + ": " + message
}

func simpleClass(class string) string {
	class = class[strings.LastIndexByte(class, '.')+1:]
	return class[strings.LastIndexByte(class, '$')+1:]
}
