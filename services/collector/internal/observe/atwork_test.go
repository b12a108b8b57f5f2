package observe

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/flinktest"
)

func TestAtWork(t *testing.T) {
	t.Parallel()
	const park = "jdk.internal.misc.Unsafe.park|java.util.concurrent.locks.LockSupport.park|"
	const worker = "|java.util.concurrent.ThreadPoolExecutor.runWorker|java.util.concurrent.ThreadPoolExecutor$Worker.run|java.lang.Thread.run"
	for name, test := range map[string]struct {
		stack string
		want  bool
	}{
		"a pool's thread without a task": {park + "java.util.concurrent.LinkedBlockingQueue.take|java.util.concurrent.ThreadPoolExecutor.getTask" + worker, false},
		"of a scheduled pool":            {park + "java.util.concurrent.ScheduledThreadPoolExecutor$DelayedWorkQueue.take|java.util.concurrent.ThreadPoolExecutor.getTask" + worker, false},
		"of a fork-join pool":            {park + "java.util.concurrent.ForkJoinPool.awaitWork|java.util.concurrent.ForkJoinPool.runWorker|java.util.concurrent.ForkJoinWorkerThread.run", false},
		"a loop of its own at its queue": {park + "java.util.concurrent.LinkedBlockingQueue.take|com.shop.Writer.run", false},
		"… at a deque, as a lambda":      {park + "java.util.concurrent.LinkedBlockingDeque.takeFirst|java.util.concurrent.LinkedBlockingDeque.take|com.shop.Writer.lambda$start$0|java.lang.Thread.run", false},
		"an event loop of a shaded Netty": {
			"org.apache.flink.shaded.netty4.io.netty.channel.epoll.Native.epollWait|org.apache.flink.shaded.netty4.io.netty.channel.epoll.EpollEventLoop.epollWait|a.B.run", false,
		},
		"a thread of the JVM":               {"", false},
		"the JDK's HTTP client at its loop": {"sun.nio.ch.EPoll.wait|sun.nio.ch.SelectorImpl.select|jdk.internal.net.http.HttpClientImpl$SelectorManager.run", false},

		"a task that sleeps":             {"java.lang.Thread.sleep|com.shop.Limiter.acquire" + worker, true},
		"a task that waits for a lock":   {"com.shop.Cache.get|com.shop.Lookup.call" + worker, true},
		"a task that waits in a queue":   {park + "java.util.concurrent.ArrayBlockingQueue.take|com.shop.Connections.borrow|com.shop.Lookup.call" + worker, true},
		"a task that waits for a future": {park + "java.util.concurrent.CompletableFuture.get|com.shop.Lookup.call" + worker, true},
		"a task of a fork-join pool":     {"java.lang.Thread.sleep|com.shop.Lookup.call|java.util.concurrent.ForkJoinPool.runWorker|java.util.concurrent.ForkJoinWorkerThread.run", true},
		"a fetcher that polls its broker": {
			"sun.nio.ch.EPoll.wait|sun.nio.ch.SelectorImpl.select|org.apache.kafka.common.network.Selector.poll|org.apache.kafka.clients.NetworkClient.poll|a.Fetcher.run", true,
		},
	} {
		if got := atWork(strings.FieldsFunc(test.stack, func(r rune) bool { return r == '|' })); got != test.want {
			t.Errorf("%s: at work %t", name, got)
		}
	}
}

// TestCensus_Recorded says which of a TaskManager's threads beside the tasks are at work: the thread that takes the dump, and
// the main one, which waits for its end. (That of OutputFlusher sleeps between two rounds and counts as a task's thread.)
func TestCensus_Recorded(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"1.20.5", "2.3.0"} {
		replay, err := flinktest.NewReplay(version)
		if err != nil {
			t.Fatal(err)
		}
		e, _ := replay.Exchange("thread-dump")
		var dump struct {
			Threads []flink.Thread `json:"threadInfos"`
		}
		if err := json.Unmarshal(e.JSON, &dump); err != nil {
			t.Fatal(err)
		}
		busy := map[string]float64{}
		for _, g := range census("tm", slices.DeleteFunc(dump.Threads, func(t flink.Thread) bool { return taskThread.MatchString(t.Name) })) {
			if g.Busy > 0 {
				busy[g.Name] = g.Busy
			}
		}
		if diff := cmp.Diff([]string{"flink-pekko.actor.default-dispatcher-*", "main"}, slices.Sorted(maps.Keys(busy))); diff != "" {
			t.Errorf("%s: at work (-want +got):\n%s", version, diff)
		}
	}
}
