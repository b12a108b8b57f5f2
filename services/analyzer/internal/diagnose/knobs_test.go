package diagnose

import (
	"strings"
	"testing"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// TestFirstChange: several causes share a rule, and each page differs from the one before it in the frame only that decides between
// their changes.
func TestFirstChange(t *testing.T) {
	const (
		jackson = "com/fasterxml/jackson/databind/"
		shaded  = "org/apache/flink/shaded/jackson2/com/fasterxml/jackson/databind/"
		legacy  = "org/apache/flink/streaming/runtime/tasks/SourceStreamTask$LegacySourceFunctionThread.run;org/apache/flink/streaming/api/operators/StreamSource.run;"
		emit    = "org/apache/flink/streaming/runtime/tasks/SourceOperatorStreamTask$AsyncDataOutputToOutput.emitRecord;"
		sync    = "TASK;MAP;org/apache/flink/streaming/runtime/tasks/SubtaskCheckpointCoordinatorImpl.takeSnapshotSync;"
		write   = "java/lang/Thread.run;org/apache/flink/streaming/runtime/tasks/AsyncCheckpointRunnable.run;"
		marks   = "org/apache/flink/streaming/runtime/operators/TimestampsAndWatermarksOperator."
	)
	for _, test := range []struct {
		rule, stack, first string
		never              string // is in no change
	}{
		{"A1", "TASK;MAP;com/shop/Slow.map;java/lang/Thread.sleep", "Remove the sleep", "rate that the source is given"},
		{"A1", "TASK;SOURCE;" + emit + "MAP;com/shop/Slow.map;java/lang/Thread.sleep", "See whether the pause holds a generator", ""},
		{"A21", "TASK;SOURCE;com/shop/Slow.pollNext;java/lang/Thread.sleep", "Where the rate is meant", "registerProcessingTimeTimer"},
		{"A21", legacy + "com/shop/Slow.run;java/lang/Thread.sleep", "Where the rate is meant", "barrier"},
		{"A2", "TASK;MAP;com/shop/Ask.map;jdk/internal/net/http/HttpClientImpl.send;jdk/internal/misc/Unsafe.park", "Call the service with asynchronous I/O", "Read ahead"},
		{"A2", "TASK;SOURCE;com/shop/Ask.pollNext;jdk/internal/net/http/HttpClientImpl.send;jdk/internal/misc/Unsafe.park", "Read ahead in another thread", "unorderedWait"},
		{"A4", "TASK;SOURCE;com/shop/Ask.pollNext;java/util/concurrent/CompletableFuture.get;jdk/internal/misc/Unsafe.park", "Read ahead in another thread", "AsyncFunction"},
		{"A12", "TASK;MAP;com/shop/Tax.map;java/math/BigDecimal.divide", "Compute in scaled long values", "Hash"},
		{"A12", "TASK;MAP;com/shop/Mask.map;java/security/MessageDigest.digest", "Hash after filtering", "scaled"},
		{"A12", "TASK;MAP;com/shop/Mask.map;javax/crypto/Cipher.doFinal", "Encrypt or decrypt after filtering", "Compute"},
		{"A12", "TASK;MAP;com/shop/Pack.map;java/util/zip/Deflater.deflate", "Compress many records at once", "Cipher"},
		{"A18", "TASK;MAP;com/shop/Id.map;java/util/UUID.randomUUID;java/security/SecureRandom.nextBytes", "Give each task a SecureRandom of its own", "ThreadLocalRandom"},
		{"B8", "TASK;MAP;com/shop/In.map;" + jackson + "ObjectMapper.readTree", "Read the fields in use from the stream of tokens", "json-parser"},
		{"B8", "TASK;MAP;com/shop/In.map;" + jackson + "ObjectMapper.readValue", "Make the ObjectReader for the class once", "json-parser"},
		{"B8", "TASK;MAP;com/shop/In.map;" + jackson + "ObjectMapper.readValue;" + jackson + "deser/std/JsonNodeDeserializer.deserialize", "Read the fields in use from the stream of tokens", "json-parser"},
		{"B8", "TASK;MAP;com/shop/Out.map;" + jackson + "ObjectMapper.writeValueAsBytes", "Write with one ObjectWriter", "ObjectReader"},
		{"B8", "TASK;StreamExecCalc$1.processElement;org/apache/flink/formats/json/JsonRowDataDeserializationSchema.deserialize;" + shaded + "ObjectMapper.readTree", "Let the format read fields", "in open"},
		{"B8", "TASK;StreamExecCalc$1.processElement;org/apache/flink/formats/json/JsonParserRowDataDeserializationSchema.deserialize", "Declare only the columns in use", "in open"},
		{"D8", sync + "com/shop/Big.snapshotState", "Do less in snapshotState", "RocksDB"},
		{"D8", sync + "org/rocksdb/Checkpoint.createCheckpoint", "", "snapshotState"},
		{"D9", write + "org/apache/flink/runtime/state/FullSnapshotAsyncWriter.get", "Take incremental checkpoints", "on the heap"},
		{"D9", write + "org/apache/flink/runtime/state/heap/CopyOnWriteStateMapSnapshot.writeState", "", "incremental"},
		{"D18", "TASK;" + marks + "processElement", "Generate watermarks periodically", "less often"},
	} {
		family := mechanisms.Default().Mechanism(test.rule).Modes[0]
		mode := events.ModeITimer
		if family == mechanisms.FamilyWall {
			mode = events.ModeWall
		}
		j := newJob("tm-1").vertex("Source: in", nil, load{0.98, 0.02, 100}).cores(0.9)
		r := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", mode, graph(t, test.stack+" 120", "TASK;MAP;com/shop/Rest.map 60", "TASK;IDLE 20"))}})
		checkForm(t, r)
		f := ruleOf(r.Analysis, test.rule)
		if f == nil {
			t.Errorf("%s: fired %v", test.stack, fired(r))
			continue
		}
		if !strings.HasPrefix(f.Recommendation.Change, test.first) || test.never != "" && (offers(f, test.never) || strings.Contains(f.Cause, test.never)) {
			t.Errorf("%s: %s; or %+v", test.stack, f.Recommendation.Change, f.Alternatives)
		}
	}
}

// TestFullQueue: a full queue of asynchronous calls is mended by capacity, or by the threads behind it.
func TestFullQueue(t *testing.T) {
	const (
		wait    = "TASK;org/apache/flink/streaming/api/operators/async/AsyncWaitOperator.processElement;org/apache/flink/streaming/api/operators/async/AsyncWaitOperator.addToWorkQueue;org/apache/flink/streaming/runtime/tasks/mailbox/MailboxExecutorImpl.yield;jdk/internal/misc/Unsafe.park 150"
		worker  = "java/lang/Thread.run;java/util/concurrent/ThreadPoolExecutor$Worker.run;java/util/concurrent/ThreadPoolExecutor.runWorker;"
		call    = worker + "com/shop/Lookup.call;java/lang/Thread.sleep "
		more    = "Give the calls more threads"
		larger  = "Raise the capacity"
		sqlMore = "table.exec.async-lookup.buffer-capacity"
	)
	stack := []string{"java.lang.Thread.sleep", "com.shop.Lookup.call", "java.util.concurrent.ThreadPoolExecutor.runWorker", "java.util.concurrent.ThreadPoolExecutor$Worker.run"}
	pool := func(name string, count int, busy float64, dumps int, frames ...string) jobcontext.ThreadGroup {
		return jobcontext.ThreadGroup{TaskManager: "tm-1", Name: name, Count: count, Busy: busy, Dumps: dumps, Frames: frames}
	}
	flinks := pool("flink-taskexecutor-io-thread-*", 4, 0, 3, "java.util.concurrent.LinkedBlockingQueue.take", "java.util.concurrent.ThreadPoolExecutor.getTask")
	for name, test := range map[string]struct {
		census       []jobcontext.ThreadGroup
		calls        int // samples of the threads behind the calls, of 160 for each thread
		first, never string
		open         bool
	}{
		"two threads, both at work":       {[]jobcontext.ThreadGroup{flinks, pool("pool-*-thread-*", 2, 2, 3, stack...)}, 318, more, larger, false},
		"twenty threads, two at work":     {[]jobcontext.ThreadGroup{flinks, pool("pool-*-thread-*", 20, 2, 3, stack...)}, 318, larger, more, false},
		"no thread of the user's":         {[]jobcontext.ThreadGroup{flinks}, 0, larger, more, false},
		"a thread for each call":          {[]jobcontext.ThreadGroup{flinks, pool("Thread-*", 2, 2, 3, stack...)}, 0, larger, more, false},
		"dumps that do not say what work": {[]jobcontext.ThreadGroup{pool("pool-*-thread-*", 2, 0, 0, stack...)}, 318, more, larger, false},
		"work in threads nobody listed":   {[]jobcontext.ThreadGroup{flinks}, 318, more, "", true},
		"nobody knows the threads":        {nil, 318, more, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob("tm-1").vertex("Source: in", nil, load{0.1, 0, 100}).vertex("ask", []string{"Source: in"}, load{0.97, 0.03, 100}).cores(0.2)
			j.Census = test.census
			lines := []string{wait, "TASK;IDLE 10", "TASK;SOURCE 160"}
			if test.calls > 0 {
				lines = append(lines, call+itoa(test.calls))
			}
			r := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", events.ModeWall, graph(t, lines...))}})
			checkForm(t, r)
			f := ruleOf(r.Analysis, "A5")
			if f == nil || !strings.HasPrefix(f.Recommendation.Change, test.first) || test.never != "" && offers(f, test.never) || offers(f, sqlMore) {
				t.Fatalf("%+v", f)
			}
			if open := f.Recommendation.When != ""; open != test.open || open && !offers(f, larger) {
				t.Errorf("open %t: %+v", open, f)
			}
		})
	}
}

// TestFullQueueOfSQL: an asynchronous look-up has a key for its places, and the plan says how many there are now.
func TestFullQueueOfSQL(t *testing.T) {
	const wait = "TASK;org/apache/flink/streaming/api/operators/async/AsyncWaitOperator.processElement;org/apache/flink/streaming/api/operators/async/AsyncWaitOperator.addToWorkQueue;org/apache/flink/streaming/runtime/tasks/mailbox/MailboxExecutorImpl.yield;jdk/internal/misc/Unsafe.park 150"
	j := newJob("tm-1").vertex("Source: in", nil, load{0.1, 0, 100}).vertex("LookupJoin[4]", []string{"Source: in"}, load{0.97, 0.03, 100}).cores(0.2)
	j.Vertices[1].Description = "[4]:LookupJoin(table=[a.b.c], joinType=[InnerJoin], lookup=[id=id], select=[id, name], async=[UNORDERED, 180000ms, 10])"
	j.Census = []jobcontext.ThreadGroup{{TaskManager: "tm-1", Name: "flink-io-*", Count: 4, Dumps: 3, Frames: []string{"java.util.concurrent.ThreadPoolExecutor.getTask"}}}
	r := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", events.ModeWall, graph(t, wait, "TASK;IDLE 10", "TASK;SOURCE 160"))}})
	f := ruleOf(r.Analysis, "A5")
	if f == nil || offers(f, "AsyncDataStream") || !strings.Contains(f.Cause, "A call takes about 0.1 s") {
		t.Fatalf("%+v", f)
	}
}

// TestCollectionsOfCheckpoints: where checkpoints of a heap follow one another and writing them shows, their interval is what turns
// the garbage down, and no bound is told; without one of these it is not.
func TestCollectionsOfCheckpoints(t *testing.T) {
	const (
		collector = "GCTaskThread::run;G1EvacuateRegionsBaseTask::work 80"
		writing   = "java/lang/Thread.run;org/apache/flink/streaming/runtime/tasks/AsyncCheckpointRunnable.run;com/shop/State.write "
	)
	for name, test := range map[string]struct {
		backend  string
		takes    int64 // ms, of an interval of 500
		samples  string
		interval bool
	}{
		"one follows the other":     {"hashmap", 1000, "40", true},
		"over long before the next": {"hashmap", 100, "40", false},
		"writing takes nothing":     {"hashmap", 1000, "4", false},
		"state outside of the heap": {"rocksdb", 1000, "40", false},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob("tm-1").vertex("Source: in", nil, load{0.98, 0.02, 100}).cores(1.5)
			j.Config = map[string]string{"state.backend.type": test.backend}
			j.Checkpoints = &jobcontext.Checkpoints{
				Config: &jobcontext.CheckpointConfig{Mode: "exactly_once", IntervalMS: 500, TimeoutMS: 600_000},
				Recent: taken(3, jobcontext.Checkpoint{Status: "COMPLETED", DurationMS: test.takes, AsyncMS: test.takes}),
			}
			r := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", events.ModeITimer, graph(t, collector, writing+test.samples, "TASK;MAP;com/shop/Work.map 100"))}})
			checkForm(t, r)
			f := ruleOf(r.Analysis, "E1")
			if f == nil {
				t.Fatalf("fired %v", fired(r))
			}
			set := f.Recommendation.Config
			interval := len(set) == 1 && set[0].Key == "execution.checkpointing.interval" && set[0].Value == "10 s"
			if interval != test.interval || interval != (f.Bound == 0) {
				t.Errorf("%+v", f)
			}
		})
	}
}

// TestLookUpsMadeDear: what makes each look-up dear comes before the setting that spares some of them, where the look-ups are its; where
// they are of another function, or take little, the larger one comes first.
func TestLookUpsMadeDear(t *testing.T) {
	const (
		dedup = "TASK;org/apache/flink/streaming/api/operators/KeyedProcessOperator.processElement;org/apache/flink/table/runtime/operators/deduplicate/RowTimeDeduplicateFunction.processElement;"
		get   = "org/apache/flink/contrib/streaming/state/RocksDBValueState.value;org/rocksdb/RocksDB.get"
		index = ";rocksdb::BlockBasedTable::Get(rocksdb::ReadOptions const&);rocksdb::BlockBasedTable::IndexReaderCommon::ReadIndexBlock(rocksdb::BlockBasedTable const*);rocksdb::BlockFetcher::ReadBlockContents()"
		count = "TASK;org/apache/flink/streaming/api/operators/KeyedProcessOperator.processElement;com/shop/Count.processElement;"
	)
	for name, test := range map[string]struct {
		lines []string
		first string
	}{
		"its own look-ups":       {[]string{dedup + get + " 800", dedup + get + index + " 800"}, "C19"},
		"few of them are dear":   {[]string{dedup + get + " 145", dedup + get + index + " 15"}, "F11"},
		"those of another one":   {[]string{dedup + get + " 100", count + get + index + " 60"}, "F11"},
		"no block is read again": {[]string{dedup + get + " 160"}, "F11"},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob("tm-1").vertex("Source: in", nil, load{0.2, 0.7, 100}).vertex("Deduplicate[5]", []string{"Source: in"}, load{0.98, 0, 100}).cores(1)
			j.Config = map[string]string{"state.backend.type": "rocksdb"}
			r := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", events.ModeITimer, graph(t, append(test.lines, "TASK;IDLE 20")...))}})
			checkForm(t, r)
			if len(r.Analysis.Findings) == 0 || r.Analysis.Findings[0].Rule != test.first {
				t.Errorf("fired %v", fired(r))
			}
		})
	}
}
