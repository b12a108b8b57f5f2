package observe

import (
	"context"
	"regexp"
	"strings"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
)

const (
	maxThreads     = 1000 // a dump stops the JVM for a moment, the longer the more threads there are
	maxFrames      = 256
	maxFrame       = 512     // bytes of one frame's name
	maxThreadBytes = 4 << 20 // of all kept threads of a run
)

// taskThread is the name of a thread that runs a task: name, subtask and attempt.
var taskThread = regexp.MustCompile(`\(\d+/\d+\)#\d+`)

// Threads takes a thread dump of each TaskManager and keeps the threads of tasks. A JVM with more than a thousand
// threads is left alone.
func (s *Sampler) Threads(ctx context.Context) (threads []jobcontext.Thread, missing []string) {
	found := make([][]jobcontext.Thread, len(s.tms))
	why := make([]string, len(s.tms))
	parallel(len(s.tms), func(i int) { found[i], why[i] = s.threads(ctx, s.tms[i]) })
	for i := range s.tms {
		threads = append(threads, found[i]...)
		if why[i] != "" {
			missing = append(missing, why[i])
		}
	}
	return threads, missing
}

func (s *Sampler) threads(ctx context.Context, tm string) ([]jobcontext.Thread, string) {
	m, err := s.client.TaskManagerMetrics(ctx, tm, flink.MetricThreadCount)
	if err == nil && m[flink.MetricThreadCount] > maxThreads {
		return nil, "thread dump of " + tm + ": it has more than 1,000 threads"
	}
	dump, err := s.client.ThreadDump(ctx, tm)
	if err != nil {
		return nil, "thread dump of " + tm + ": " + err.Error()
	}
	var out []jobcontext.Thread
	for _, t := range dump {
		if !taskThread.MatchString(t.Name) {
			continue
		}
		out = append(out, jobcontext.Thread{TaskManager: tm, Name: cut(t.Name), Frames: frames(t.Stack)})
	}
	return out, ""
}

// frames reads the stack of a thread, leaf first, as Class.method without module, class loader, file and line.
func frames(stack string) []string {
	var out []string
	for line := range strings.Lines(stack) {
		frame, ok := strings.CutPrefix(strings.TrimSpace(line), "at ")
		if !ok {
			continue
		}
		frame, _, _ = strings.Cut(frame, "(")
		out = append(out, cut(unqualified(frame)))
		if len(out) == maxFrames {
			break
		}
	}
	return out
}

// unqualified drops "loader/module@version/" but not the address of a hidden class, "Lambda$14/0x0000".
func unqualified(frame string) string {
	for {
		_, rest, ok := strings.Cut(frame, "/")
		if !ok || strings.HasPrefix(rest, "0x") {
			return frame
		}
		frame = rest
	}
}

func cut(s string) string {
	if len(s) > maxFrame {
		s = s[:maxFrame]
	}
	return strings.ToValidUTF8(s, "")
}

// limitThreads keeps as many threads as fit.
func limitThreads(threads []jobcontext.Thread) []jobcontext.Thread {
	bytes := 0
	for i, t := range threads {
		for _, f := range t.Frames {
			bytes += len(f) + len(`"",`)
		}
		if bytes > maxThreadBytes {
			return threads[:i]
		}
	}
	return threads
}
