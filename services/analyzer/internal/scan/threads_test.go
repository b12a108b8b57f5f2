package scan_test

import (
	"strings"
	"testing"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/scan"
)

func TestThreads(t *testing.T) {
	const (
		task   = "java/lang/Thread.run;org/apache/flink/runtime/taskmanager/Task.run;org/apache/flink/runtime/taskmanager/Task.restoreAndInvoke;"
		stream = "org/apache/flink/streaming/runtime/tasks/StreamTask."
		legacy = "org/apache/flink/streaming/runtime/tasks/SourceStreamTask$LegacySourceFunctionThread.run;org/apache/flink/streaming/api/operators/StreamSource.run;com/shop/In.run"
	)
	page := strings.Join([]string{
		task + stream + "restore;" + stream + "restoreInternal;org/rocksdb/RocksDB.write 60",
		task + stream + "invoke;" + stream + "processInput;com/shop/Map.map 40",
		legacy + " 30", legacy + ";java/lang/Thread.sleep 20", legacy + ";com/shop/In.read 5",
		legacy + ";org/apache/flink/runtime/io/network/buffer/LocalBufferPool.requestMemorySegmentBlocking;java/util/concurrent/CompletableFuture.get;jdk/internal/misc/Unsafe.park 7",
		legacy + ";org/apache/flink/streaming/api/operators/StreamSourceContexts$NonTimestampContext.collect;org/apache/flink/streaming/api/operators/StreamMap.processElement;com/shop/Slow.map;java/lang/Thread.sleep 3",
	}, "\n")
	g, err := flamegraph.Parse(strings.NewReader(page), flamegraph.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	s := scan.NewScanner(mechanisms.Default()).Scan(flamegraph.Merge(g), mechanisms.FamilyWall)
	if n := s.Restoring(); n != 60 {
		t.Errorf("%d samples restore", n)
	}
	if got := s.SourceThreads(); got != (scan.Threads{Running: 38, Blocked: 7, Waiting: 20}) {
		t.Errorf("%+v", got)
	}
}
