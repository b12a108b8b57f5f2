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
	maxThreadBytes = 4 << 20 // of all kept threads of a run
)

// taskThread is the name of a thread that runs a task: name, subtask and attempt.
var taskThread = regexp.MustCompile(`\(\d+/\d+\)#\d+`)

// Dump is what the thread dumps of one moment hold: the threads of tasks, and a census of all others.
type Dump struct {
	Threads []jobcontext.Thread
	Census  []jobcontext.ThreadGroup
	Missing []string // what could not be had, and why
}

// Dump takes a thread dump of each TaskManager. A JVM with more than a thousand threads is left alone.
func (s *Sampler) Dump(ctx context.Context) Dump {
	found := make([]Dump, len(s.tms))
	parallel(len(s.tms), func(i int) { found[i] = s.dump(ctx, s.tms[i]) })
	var all Dump
	for _, d := range found {
		all.Threads = append(all.Threads, d.Threads...)
		all.Census = append(all.Census, d.Census...)
		all.Missing = append(all.Missing, d.Missing...)
	}
	return all
}

func (s *Sampler) dump(ctx context.Context, tm string) Dump {
	m, err := s.client.TaskManagerMetrics(ctx, tm, flink.MetricThreadCount)
	if err == nil && m[flink.MetricThreadCount] > maxThreads {
		return Dump{Missing: []string{"thread dump of " + tm + ": it has more than 1,000 threads"}}
	}
	threads, err := s.client.ThreadDump(ctx, tm)
	if err != nil {
		return Dump{Missing: []string{"thread dump of " + tm + ": " + line(err.Error())}}
	}
	var out Dump
	var others []flink.Thread
	for _, t := range threads {
		if !taskThread.MatchString(t.Name) {
			others = append(others, t)
			continue
		}
		out.Threads = append(out.Threads, jobcontext.Thread{TaskManager: tm, Name: line(t.Name), Frames: frames(t.Stack)})
	}
	out.Census = census(tm, others)
	return out
}

// frames reads the first maxFrames frames of a stack, leaf first, as Class.method without module, class loader, file and line.
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
