package check

import (
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask/answer"
)

// Input is an answer with all that it is measured by.
type Input struct {
	Answer   answer.Answer
	Analysis events.Analysis // of the rules; it is not changed
	Lines    []events.Fact   // lines of the call trees that were shown; those cited become evidence
	Files    []string        // texts of the user's context files
	Settings map[string]string
	Allowed  Allowed
	Idle     func(frame string) bool // whether a frame only waits for work; nil is IdleFrame
}

// Allowed is what an answer may name beside the data: ours, hence trusted.
type Allowed struct {
	Keys  []string // configuration keys, beside those that Flink has (keys.Known)
	Links []string // documentation
	Texts []string // of the rules: the names in them may be named
}

// Result is what became of an answer.
type Result struct {
	Analysis events.Analysis // of the rules, enriched by what holds
	Claims   events.Claims
	Failed   []Failure
}

// Failure is a statement that was corrected or dropped.
type Failure struct {
	Place     string // for example "R1 size"
	Text      string // of the statement
	Why       string
	Corrected bool // the measured number was put in its place
}

// Grounding is the share of verified claims in all claims, 0 to 1. Without claims ok is false.
func (r Result) Grounding() (score float64, ok bool) {
	all := r.Claims.Verified + r.Claims.Corrected + r.Claims.Dropped
	if all == 0 {
		return 0, false
	}
	return float64(r.Claims.Verified) / float64(all), true
}

// idle are parts of frames that wait for work.
var idle = []string{
	"TaskMailboxImpl.take", "MailboxProcessor.processMailsWhenDefaultActionUnavailable", "Unsafe.park", "LockSupport.park",
	"epollWait", "epoll_wait", "EPoll.wait", "NioEventLoop.select", "Selector.select", "ThreadPoolExecutor.getTask",
	"DelayedWorkQueue.take", "ForkJoinPool.awaitWork", "ForkJoinPool.runWorker", "ReferenceQueue.remove", "Object.wait",
	"RecordWriter$OutputFlusher", "pthread_cond_wait", "pthread_cond_timedwait", "BGThread",
	"LocalBufferPool.requestMemorySegmentBlocking", "GuavaRateLimiter", "RateLimiter.acquire",
}

// structural are frames that hold everything else: their width is no problem of theirs.
var structural = []string{
	"java.lang.Thread.run", "Task.run", "Task.doRun", "Task.restoreAndInvoke", "Task.runWithSystemExitMonitoring",
	"StreamTask.invoke", "StreamTask.runMailboxLoop", "StreamTask.processInput", "MailboxProcessor.runMailboxLoop",
	"StreamOneInputProcessor.processInput", "AbstractStreamTaskNetworkInput.emitNext", "SourceOperator.emitNext",
	"StreamTaskSourceInput.emitNext", "ThreadPoolExecutor.runWorker", "ThreadPoolExecutor$Worker.run", "start_thread",
	"thread_native_entry", "Thread.runWith", "Thread.call_run", "LegacySourceFunctionThread.run",
}

// IdleFrame reports whether a frame waits for work or for a vertex behind it.
func IdleFrame(frame string) bool {
	for _, part := range idle {
		if strings.Contains(frame, part) {
			return true
		}
	}
	return false
}

// idleClass reports whether a name is the class of a frame that waits for work.
func idleClass(name string) bool {
	for _, part := range idle {
		if strings.HasPrefix(part, name+".") {
			return true
		}
	}
	return false
}

// holdsAll reports whether a frame is part of the frame of every task.
func holdsAll(frame string) bool {
	for _, name := range structural {
		if frame == name || wording.ClassMethod(frame) == name {
			return true
		}
	}
	return false
}
