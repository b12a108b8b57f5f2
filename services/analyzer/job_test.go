package analyzer_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
)

// seconds is how long each capture of the tests is.
const seconds = 8

// job is a pipeline of three vertices as a collector sees it: source → enrich → sink.
type job struct {
	stacks  map[events.Mode]string
	busy    float64 // of enrich
	records int64   // per second
	cores   float64 // that the JVM uses
}

const (
	task   = "java/lang/Thread.run;org/apache/flink/runtime/taskmanager/Task.run;org/apache/flink/streaming/runtime/tasks/mailbox/MailboxProcessor.runMailboxLoop;"
	enrich = task + "org/apache/flink/streaming/api/operators/StreamMap.processElement;com/shop/Enrich.map"
	idle   = task + "org/apache/flink/streaming/runtime/tasks/mailbox/TaskMailboxImpl.take;jdk/internal/misc/Unsafe.park"
	gc     = "start_thread;thread_native_entry;GangWorker::loop;G1ParTask::work"
)

// stacks makes collapsed stacks of pairs of a stack and its samples.
func stacks(pairs ...any) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&b, "%s %d\n", pairs[i], pairs[i+1])
	}
	return b.String()
}

// sleepy sleeps for each record.
func sleepy() job {
	return job{busy: 0.99, records: 900, cores: 0.1, stacks: map[events.Mode]string{
		events.ModeWall:   stacks(enrich+";java/lang/Thread.sleep", 150, enrich, 8, idle, 2+2*160),
		events.ModeITimer: stacks(enrich, 60, idle, 40),
	}}
}

// quick is sleepy without the sleep.
func quick() job {
	return job{busy: 0.3, records: 1900, cores: 0.36, stacks: map[events.Mode]string{
		events.ModeWall:   stacks(enrich, 48, idle, 112+2*160),
		events.ModeITimer: stacks(enrich, 200, idle, 40),
	}}
}

// littered collects garbage most of the time.
func littered() job {
	return job{busy: 0.99, records: 900, cores: 2.3, stacks: map[events.Mode]string{
		events.ModeWall:   stacks(enrich, 158, idle, 2+2*160),
		events.ModeITimer: stacks(enrich, 400, gc, 500),
	}}
}

func (j job) modes() []events.Mode { return slices.Sorted(maps.Keys(j.stacks)) }

// context is the graph of the job and its counters at the begin and the end of each capture.
func (j job) context() *jobcontext.Context {
	c := &jobcontext.Context{
		FlinkVersion: "2.3.0", Job: jobcontext.Job{ID: "j", Name: "orders", State: "RUNNING"},
		TaskManagers: []jobcontext.TaskManager{{ID: "tm-1", Slots: 4, CPUCores: 4}},
		Threads:      []jobcontext.Thread{{TaskManager: "tm-1", Name: "enrich (1/1)#0", Frames: []string{"com.shop.Enrich.map", "org.apache.flink.runtime.taskmanager.Task.run"}}},
	}
	names := []string{"source", "enrich", "sink"}
	for i, name := range names {
		v := jobcontext.Vertex{ID: name, Name: name, Parallelism: 1, Subtasks: []jobcontext.Subtask{{TaskManager: "tm-1", Status: "RUNNING"}}}
		if i > 0 {
			v.Inputs = []jobcontext.Input{{Vertex: names[i-1], Ship: "FORWARD"}}
		}
		c.Vertices = append(c.Vertices, v)
	}
	for i, mode := range j.modes() {
		w := jobcontext.Window{Mode: string(mode), Seconds: seconds}
		for _, at := range []int64{0, seconds * 1000} {
			w.Samples = append(w.Samples, j.sample(int64(i)*20_000+at, at))
		}
		c.Windows = append(c.Windows, w)
	}
	return c
}

func (j job) sample(at, passed int64) jobcontext.Sample {
	busy, n := int64(float64(passed)*j.busy), j.records*passed/1000
	held := int64(0)
	if j.busy > 0.9 {
		held = passed * 9 / 10
	}
	return jobcontext.Sample{
		AtMillis: at,
		Subtasks: []jobcontext.Counters{
			{Vertex: "source", BusyMillis: (passed - held) / 20, BackPressuredMillis: held, IdleMillis: passed - held - (passed-held)/20, WriteRecords: n},
			{Vertex: "enrich", BusyMillis: busy, IdleMillis: passed - busy, ReadRecords: n, WriteRecords: n},
			{Vertex: "sink", BusyMillis: passed / 20, IdleMillis: passed - passed/20, ReadRecords: n},
		},
		TaskManagers: []jobcontext.JVMCounter{{ID: "tm-1", CPUNanos: int64(float64(passed) * j.cores * 1e6), GCMillis: 0, HeapUsed: 1 << 30, Threads: 60}},
	}
}
