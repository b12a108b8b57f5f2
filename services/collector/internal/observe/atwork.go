package observe

import (
	"slices"
	"strings"
)

// nextTask are methods in which a thread is between two tasks: it waits for the next one in the queue of its pool, at the
// selector of its event loop, or for a timer or a reference that the JVM hands out.
var nextTask = []string{
	"java.util.concurrent.ThreadPoolExecutor.getTask",
	"java.util.concurrent.ForkJoinPool.awaitWork",
	"java.util.concurrent.ScheduledThreadPoolExecutor$DelayedWorkQueue.take",
	"java.util.concurrent.ScheduledThreadPoolExecutor$DelayedWorkQueue.poll",
	"java.util.TimerThread.mainLoop",
	"java.lang.ref.ReferenceQueue.remove",
	"java.lang.ref.Reference.waitForReferencePendingList",
	".LightArrayRevolverScheduler.waitNanos",        // of Pekko and Akka
	".SingleThreadEventExecutor.takeTask",           // of Netty, as the next ones
	".GlobalEventExecutor.takeTask",                 //
	".HashedWheelTimer$Worker.waitForNextTick",      //
	".NioEventLoop.select",                          //
	".NioIoHandler.select",                          //
	".EpollEventLoop.epollWait",                     //
	".EpollEventLoop.epollWaitNoTimerChange",        //
	".EpollEventLoop.epollWaitTimeboundedUntilNext", //
	".EpollIoHandler.epollWait",                     //
}

// waitsIn are methods in which a thread waits for something: for its next task when its own loop calls them.
var waitsIn = []string{
	"Queue.take", "Queue.poll", "Deque.take", "Deque.takeFirst", "Deque.takeLast", "Deque.poll", "Deque.pollFirst", "Deque.pollLast",
	"sun.nio.ch.SelectorImpl.select",
}

// atWork reports whether a thread with these frames, leaf first, is in the middle of a task. A thread that sleeps or waits
// within its task is; one that waits for its next task is not, nor one without frames, which is of the JVM itself.
func atWork(frames []string) bool {
	for i, frame := range frames {
		if slices.ContainsFunc(nextTask, func(m string) bool { return named(frame, m) }) {
			return false
		}
		if slices.ContainsFunc(waitsIn, func(m string) bool { return strings.HasSuffix(frame, m) }) && isLoop(frames[i+1:]) {
			return false
		}
	}
	return len(frames) > 0
}

// named tells whether the frame is of the method; one that begins with a dot is of any package, as of shaded classes.
func named(frame, method string) bool {
	if strings.HasPrefix(method, ".") {
		return strings.HasSuffix(frame, method)
	}
	return frame == method
}

// isLoop tells whether the frames below a wait are nothing but the method that a thread runs.
func isLoop(below []string) bool {
	if n := len(below); n > 0 && below[n-1] == "java.lang.Thread.run" {
		below = below[:n-1]
	}
	return len(below) <= 1
}
