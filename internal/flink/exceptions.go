package flink

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Exception is a failure that a job survived or died of.
type Exception struct {
	Name          string // class
	Message       string // the first of the chain of causes that says what happened: see [Client.Exceptions]; one line
	Cause         string // class of the exception that Message is of; Name when there is no message
	Time          int64  // epoch ms
	Task          string // name and subtask, such as "map (1/2)"; empty when no task is to blame
	TaskManagerID string // empty before 1.19
}

// exceptionEntry is a failure in the history of a job.
type exceptionEntry struct {
	Name          string           `json:"exceptionName"`
	StackTrace    string           `json:"stacktrace"`
	Time          int64            `json:"timestamp"`
	Task          string           `json:"taskName"`
	TaskManagerID string           `json:"taskManagerId"`
	Concurrent    []exceptionEntry `json:"concurrentExceptions"`
}

// Exceptions asks for the latest failures of a job, newest first, at most limit.
//
// Messages of exceptions that Flink itself throws come last: they say where it happened ("Could not forward element to
// next operator"), and a cause says what. A JVM leaves message and stack trace out when hot code throws the same exception
// again and again; the message is then that of a failure at the same time, or of an earlier one of the same class in
// the same task. It is empty when there is none anywhere.
func (c *Client) Exceptions(ctx context.Context, jobID string, limit int) ([]Exception, error) {
	var answer struct {
		Root    string `json:"root-exception"` // Flink 1 only, and all there is in old versions
		Time    int64  `json:"timestamp"`
		History struct {
			Entries []exceptionEntry `json:"entries"`
		} `json:"exceptionHistory"`
	}
	const all = 100 // Flink keeps 16 by default; the oldest of them may be the only one with a message
	r := call{
		method: http.MethodGet, path: []string{"jobs", jobID, "exceptions"},
		query: url.Values{"maxExceptions": {strconv.Itoa(max(limit, all))}},
	}
	if err := c.json(ctx, r, &answer); err != nil {
		return nil, fmt.Errorf("get exceptions of job %s: %w", jobID, err)
	}
	entries := answer.History.Entries
	if len(entries) == 0 && answer.Root != "" {
		entries = []exceptionEntry{{StackTrace: answer.Root, Time: answer.Time}}
	}
	exceptions := make([]Exception, 0, len(entries))
	for _, e := range entries {
		exceptions = append(exceptions, e.exception())
	}
	borrowMessages(exceptions)
	return exceptions[:min(len(exceptions), limit)], nil
}

// execution is what Flink puts behind the name of a task in its history.
var execution = regexp.MustCompile(` - execution #\d+$`)

func (e exceptionEntry) exception() Exception {
	out := Exception{
		Name: e.Name, Time: e.Time, Task: execution.ReplaceAllString(e.Task, ""), TaskManagerID: e.TaskManagerID,
	}
	for _, trace := range append([]exceptionEntry{e}, e.Concurrent...) {
		chain := causes(trace.StackTrace)
		if len(chain) == 0 {
			continue
		}
		out.Name = cmp.Or(out.Name, chain[0].class)
		if c := telling(chain); c.message != "" {
			out.Cause, out.Message = c.class, c.message
			break
		}
	}
	out.Name, out.Cause = oneLine(out.Name), oneLine(cmp.Or(out.Cause, out.Name))
	return out
}

// cause is one exception of a chain.
type cause struct {
	class, message string
	flinks         bool // Flink threw it: it is of a class of Flink's, or was made in Flink's code
}

// telling is the first cause with a message that Flink itself did not throw, else the innermost one with a message.
func telling(chain []cause) cause {
	var last cause
	for _, c := range chain {
		if c.message == "" {
			continue
		}
		if !c.flinks {
			return c
		}
		last = c
	}
	return last
}

// isFlinks reports that a class, or a frame, is Flink's own and not one of its examples.
func isFlinks(name string) bool {
	return strings.HasPrefix(name, "org.apache.flink.") && !strings.Contains(name, ".examples.")
}

// frameOf reads a line of a stack trace: "at module/class.method(…)" without module and class loader.
func frameOf(line string) (string, bool) {
	frame, ok := strings.CutPrefix(strings.TrimSpace(line), "at ")
	if i := strings.LastIndexByte(frame[:max(0, strings.IndexByte(frame, '('))], '/'); i >= 0 {
		frame = frame[i+1:]
	}
	return frame, ok
}

// maxCauses bounds a chain.
const maxCauses = 50

// causes reads the chain of a stack trace, outermost first. A message that only repeats the cause, as Java makes it by
// default, is none.
func causes(stackTrace string) []cause {
	var chain []cause
	open := false // the last message began with an empty line
	bare := false // no frame of the last exception was read yet
	for line := range strings.Lines(stackTrace) {
		if frame, ok := frameOf(line); ok && bare {
			chain[len(chain)-1].flinks = chain[len(chain)-1].flinks || isFlinks(frame)
			bare = false
		}
		text, isCause := strings.CutPrefix(line, "Caused by: ")
		if open && !isCause && !strings.HasPrefix(line, "\t") {
			chain[len(chain)-1].message = oneLine(line)
			open = chain[len(chain)-1].message == ""
			continue
		}
		open = false
		if !isCause && len(chain) > 0 || len(chain) == maxCauses {
			continue
		}
		var c cause
		c, open = parseCause(text)
		bare = true
		if last := len(chain) - 1; isCause && last >= 0 && strings.HasPrefix(chain[last].message, c.class) {
			chain[last].message = ""
		}
		chain = append(chain, c)
	}
	return chain
}

// parseCause reads "class: message". The message is open if it begins with an empty line.
func parseCause(text string) (c cause, open bool) {
	class, message, said := strings.Cut(strings.TrimRight(text, "\r\n"), ": ")
	c = cause{class: strings.TrimSpace(class), message: oneLine(message)}
	c.flinks = isFlinks(c.class)
	return c, said && c.message == ""
}

// borrowMessages gives failures without a message that of an older one of the same class in the same task.
func borrowMessages(newestFirst []Exception) {
	for i := range newestFirst {
		e := &newestFirst[i]
		for _, older := range newestFirst[i+1:] {
			if e.Message != "" {
				break
			}
			if older.Message != "" && older.Name == e.Name && taskName(older.Task) == taskName(e.Task) {
				e.Message, e.Cause = older.Message, older.Cause
			}
		}
	}
}

// taskName is the name of a task without its subtask.
func taskName(task string) string {
	name, _, _ := strings.Cut(task, " (")
	return name
}

// oneLine keeps what a reader wants of a text that others wrote.
func oneLine(s string) string {
	const limit = 500
	return shorten(strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " "), limit)
}
