// Package generated makes pages of flame graphs that no job left: with recursion, callees that several callers share,
// several rules on one path, user code above the operators and behind them, and waits of all kinds, so that a number which
// was counted wrongly shows.
package generated

import (
	"math/rand/v2"
	"strings"
)

// A grammar: each symbol becomes one of its productions. A word with a '/' or '[' is a frame, "|" ends the stack, and any
// other word is a symbol.
var grammar = map[string][]string{
	"thread": {
		"task", "task", "task", "task", "task", "task", "legacy", "pool", "collector", "waiting",
	},
	"task": {
		"java/lang/Thread.run root loop operators",
		"java/lang/Thread.run root loop operators",
		"java/lang/Thread.run root loop operators",
		"java/lang/Thread.run root mailbox",
		"java/lang/Thread.run root loop input",
	},
	"root": {
		"org/apache/flink/runtime/taskmanager/Task.run org/apache/flink/runtime/taskmanager/Task.doRun " +
			"org/apache/flink/streaming/runtime/tasks/StreamTask.invoke org/apache/flink/streaming/runtime/tasks/StreamTask.runMailboxLoop " +
			"org/apache/flink/streaming/runtime/tasks/mailbox/MailboxProcessor.runMailboxLoop",
	},
	"mailbox": {
		"org/apache/flink/streaming/runtime/tasks/mailbox/MailboxProcessor.processMail " +
			"org/apache/flink/streaming/runtime/tasks/mailbox/TaskMailboxImpl.take java/util/concurrent/locks/AbstractQueuedSynchronizer$ConditionObject.await " +
			"java/util/concurrent/locks/LockSupport.parkNanos jdk/internal/misc/Unsafe.park",
	},
	"loop": {
		"org/apache/flink/streaming/runtime/tasks/mailbox/MailboxProcessor.processMail " +
			"org/apache/flink/streaming/runtime/tasks/StreamTask.processInput org/apache/flink/streaming/runtime/io/StreamOneInputProcessor.processInput " +
			"org/apache/flink/streaming/runtime/io/AbstractStreamTaskNetworkInput.emitNext",
	},
	"input": {
		"org/apache/flink/runtime/io/network/api/serialization/SpillingAdaptiveSpanningRecordDeserializer.getNextRecord kryoRead",
		"org/apache/flink/runtime/io/network/api/serialization/SpillingAdaptiveSpanningRecordDeserializer.getNextRecord " +
			"org/apache/flink/streaming/runtime/streamrecord/StreamElementSerializer.deserialize com/acme/OrderSerializer.deserialize work",
		"org/apache/flink/streaming/runtime/tasks/OneInputStreamTask$StreamTaskNetworkOutput.emitRecord com/acme/ByUser.getKey work",
		"org/apache/flink/streaming/runtime/io/checkpointing/CheckpointedInputGate.pollNext",
	},
	"operators": {
		"org/apache/flink/streaming/runtime/tasks/OneInputStreamTask$StreamTaskNetworkOutput.emitRecord " +
			"org/apache/flink/streaming/api/operators/StreamMap.processElement com/acme/Enrich.map work",
		"org/apache/flink/streaming/runtime/tasks/OneInputStreamTask$StreamTaskNetworkOutput.emitRecord " +
			"org/apache/flink/streaming/api/operators/StreamFlatMap.processElement com/acme/Split.flatMap next",
		"org/apache/flink/streaming/runtime/tasks/OneInputStreamTask$StreamTaskNetworkOutput.emitRecord " +
			"org/apache/flink/streaming/api/operators/KeyedProcessOperator.processElement com/acme/Fraud.processElement state",
		"org/apache/flink/streaming/runtime/tasks/OneInputStreamTask$StreamTaskNetworkOutput.emitRecord " +
			"StreamExecCalc$27.processElement com/acme/Score.eval work",
	},
	"next": {
		"org/apache/flink/streaming/api/operators/TimestampedCollector.collect org/apache/flink/streaming/runtime/tasks/CopyingChainingOutput.collect " +
			"org/apache/flink/streaming/runtime/tasks/CopyingChainingOutput.pushToOperator copy",
		"org/apache/flink/streaming/api/operators/TimestampedCollector.collect org/apache/flink/streaming/runtime/tasks/ChainingOutput.collect " +
			"org/apache/flink/streaming/runtime/tasks/ChainingOutput.pushToOperator org/apache/flink/streaming/api/operators/StreamMap.processElement com/acme/Enrich.map work",
		"org/apache/flink/streaming/api/operators/TimestampedCollector.collect org/apache/flink/streaming/runtime/io/RecordWriterOutput.collect " +
			"org/apache/flink/runtime/io/network/api/writer/RecordWriter.emit buffer",
		"work",
	},
	"copy": {
		"org/apache/flink/api/java/typeutils/runtime/kryo/KryoSerializer.copy com/esotericsoftware/kryo/Kryo.copy kryoCopy",
		"org/apache/flink/streaming/api/operators/StreamMap.processElement com/acme/Enrich.map work",
	},
	"kryoCopy": {
		"com/esotericsoftware/kryo/serializers/FieldSerializer.copy com/esotericsoftware/kryo/serializers/ObjectField.copy com/esotericsoftware/kryo/Kryo.copy kryoCopy",
		"com/esotericsoftware/kryo/serializers/CollectionSerializer.copy com/esotericsoftware/kryo/Kryo.copy kryoCopy",
		"java/util/ArrayList.add |", "|",
	},
	"kryoRead": {
		"org/apache/flink/api/java/typeutils/runtime/kryo/KryoSerializer.deserialize com/esotericsoftware/kryo/Kryo.readClassAndObject kryoFields",
	},
	"kryoFields": {
		"com/esotericsoftware/kryo/serializers/FieldSerializer.read com/esotericsoftware/kryo/serializers/ObjectField.read com/esotericsoftware/kryo/Kryo.readObject kryoFields",
		"com/acme/OrderKryo.read work",
		"com/esotericsoftware/kryo/io/Input.readString |", "|",
	},
	"buffer": {
		"org/apache/flink/runtime/io/network/buffer/LocalBufferPool.requestMemorySegmentBlocking java/util/concurrent/CompletableFuture.get " +
			"java/util/concurrent/locks/LockSupport.park jdk/internal/misc/Unsafe.park",
		"org/apache/flink/runtime/plugable/SerializationDelegate.write org/apache/flink/api/java/typeutils/runtime/kryo/KryoSerializer.serialize " +
			"com/esotericsoftware/kryo/Kryo.writeClassAndObject |",
		"org/apache/flink/runtime/plugable/SerializationDelegate.write com/acme/OrderSerializer.serialize work",
		"org/apache/flink/streaming/runtime/partitioner/KeyGroupStreamPartitioner.selectChannel com/acme/ByUser.getKey work",
	},
	"state": {
		"org/apache/flink/contrib/streaming/state/RocksDBValueState.value org/rocksdb/RocksDB.get [librocksdbjni.so] |",
		"org/apache/flink/contrib/streaming/state/RocksDBValueState.update org/rocksdb/RocksDB.put |",
		"org/apache/flink/contrib/streaming/state/RocksDBListState.get org/rocksdb/RocksDB.get [librocksdbjni.so] |",
		"org/apache/flink/contrib/streaming/state/RocksDBMapState$RocksDBMapIterator.hasNext " +
			"org/apache/flink/contrib/streaming/state/RocksIteratorWrapper.next org/rocksdb/RocksIterator.next0 |",
		"work",
	},
	"work": {
		"com/acme/Walk.visit walk", "com/acme/Walk.visit walk",
		"java/util/regex/Pattern.matches java/util/regex/Pattern.compile java/util/regex/Pattern.expr java/util/regex/Pattern.sequence java/util/regex/Pattern.expr |",
		"java/util/regex/Matcher.find java/util/regex/Pattern$Loop.match java/util/regex/Pattern$GroupTail.match java/util/regex/Pattern$Loop.match |",
		"java/lang/String.format java/util/Formatter.format |",
		"com/fasterxml/jackson/databind/ObjectMapper.<init> |",
		"com/fasterxml/jackson/databind/ObjectMapper.readValue com/acme/Enrich.hash java/util/HashMap.get |",
		"java/lang/Thread.sleep java/lang/Thread.sleep0 __libc_nanosleep",
		"java/util/HashMap.get |", "com/acme/Lock.enter java/util/concurrent/locks/LockSupport.park jdk/internal/misc/Unsafe.park",
	},
	"walk": {
		"com/acme/Walk.visit walk", "com/acme/Walk.visit walk", "com/acme/Node.children com/acme/Walk.visit walk",
		"java/util/HashMap.get |", "java/util/HashMap.computeIfAbsent com/acme/Walk.visit walk", "work", "|",
	},
	"legacy": {
		"org/apache/flink/streaming/runtime/tasks/SourceStreamTask$LegacySourceFunctionThread.run org/apache/flink/streaming/api/operators/StreamSource.run " +
			"com/acme/Poller.run java/lang/Thread.sleep java/lang/Thread.sleep0",
		"org/apache/flink/streaming/runtime/tasks/SourceStreamTask$LegacySourceFunctionThread.run org/apache/flink/streaming/api/operators/StreamSource.run " +
			"com/acme/Poller.run org/apache/flink/streaming/api/operators/StreamSourceContexts$NonTimestampContext.collect next",
	},
	"pool": {
		"java/lang/Thread.run java/util/concurrent/ThreadPoolExecutor$Worker.run java/util/concurrent/ThreadPoolExecutor.runWorker " +
			"java/util/concurrent/ThreadPoolExecutor.getTask java/util/concurrent/LinkedBlockingQueue.take java/util/concurrent/locks/LockSupport.park jdk/internal/misc/Unsafe.park",
		"java/lang/Thread.run java/util/concurrent/ThreadPoolExecutor$Worker.run java/util/concurrent/ThreadPoolExecutor.runWorker com/acme/Client.call work",
		"java/lang/Thread.run java/util/concurrent/ThreadPoolExecutor$Worker.run java/util/concurrent/ThreadPoolExecutor.runWorker " +
			"java/util/concurrent/ThreadPoolExecutor.getTask java/util/concurrent/LinkedBlockingQueue.poll |",
	},
	"collector": {
		"start_thread thread_native_entry(Thread*) WorkerThread::run() G1ParEvacuateFollowersClosure::do_void() |",
		"start_thread thread_native_entry(Thread*) GangWorker::loop() |",
	},
	"waiting": {
		"start_thread thread_native_entry(Thread*) VMThread::run() pthread_cond_timedwait",
		"[unknown] __poll",
	},
}

// Stacks are n stacks, each a list of frames with ';' between them, callers first, with numbers of samples.
func Stacks(seed uint64, n int) map[string]int64 {
	random := rand.New(rand.NewPCG(seed, 1))
	all := map[string]int64{}
	for range n {
		var frames []string
		expand(random, "thread", &frames)
		all[strings.Join(frames, ";")] += 1 + random.Int64N(9)
	}
	return all
}

// deepest keeps recursion within what a page shows.
const deepest = 90

// expand appends what a symbol becomes, and reports whether the stack ends with it.
func expand(random *rand.Rand, symbol string, frames *[]string) bool {
	productions, ok := grammar[symbol]
	if !ok || len(*frames) > deepest {
		if !ok {
			*frames = append(*frames, symbol)
		}
		return !ok && symbol == "|" || len(*frames) > deepest
	}
	for word := range strings.FieldsSeq(productions[random.IntN(len(productions))]) {
		if word == "|" || expand(random, word, frames) {
			return true
		}
	}
	return false
}
