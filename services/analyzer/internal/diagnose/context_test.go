package diagnose

import (
	"strconv"
	"strings"
	"testing"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
)

// seconds is how long the windows of the test contexts are.
const seconds = 8

// load is how the subtasks of a vertex spend their time; the rest is backpressure.
type load struct {
	busy, idle float64
	records    int64 // per second
}

// job builds contexts: every vertex has its subtasks spread over the TaskManagers in turn.
type job struct {
	*jobcontext.Context
	tms []string
}

func newJob(tms ...string) *job {
	j := &job{Context: &jobcontext.Context{FlinkVersion: "1.20.5", Job: jobcontext.Job{ID: "j", Name: "shop"}}, tms: tms}
	for _, tm := range tms {
		j.TaskManagers = append(j.TaskManagers, jobcontext.TaskManager{ID: tm, Slots: 4})
	}
	for _, mode := range []string{"ITIMER", "WALL"} {
		w := jobcontext.Window{Mode: mode, Seconds: seconds}
		w.Samples = []jobcontext.Sample{{AtMillis: 1000}, {AtMillis: 1000 + seconds*1000}}
		j.Windows = append(j.Windows, w)
	}
	return j
}

// vertex adds a vertex with one load for each subtask.
func (j *job) vertex(name string, inputs []string, loads ...load) *job {
	v := jobcontext.Vertex{ID: "id-" + name, Name: name, Parallelism: len(loads)}
	for _, in := range inputs {
		v.Inputs = append(v.Inputs, jobcontext.Input{Vertex: "id-" + in, Ship: "FORWARD"})
	}
	for i, l := range loads {
		v.Subtasks = append(v.Subtasks, jobcontext.Subtask{Index: i, TaskManager: j.tms[i%len(j.tms)], Status: "RUNNING"})
		for w := range j.Windows {
			for s := range j.Windows[w].Samples {
				c := jobcontext.Counters{Vertex: v.ID, Subtask: i, BusyMillis: 5000, IdleMillis: 100, BackPressuredMillis: 3}
				if s == 1 {
					c.BusyMillis += int64(l.busy * seconds * 1000)
					c.IdleMillis += int64(l.idle * seconds * 1000)
					c.BackPressuredMillis += int64((1 - l.busy - l.idle) * seconds * 1000)
					c.ReadRecords, c.WriteRecords = l.records*seconds, l.records*seconds
				}
				j.Windows[w].Samples[s].Subtasks = append(j.Windows[w].Samples[s].Subtasks, c)
			}
		}
	}
	j.Vertices = append(j.Vertices, v)
	return j
}

// cores says how much CPU each TaskManager used.
func (j *job) cores(cores float64) *job {
	for w := range j.Windows {
		for s := range j.Windows[w].Samples {
			for _, tm := range j.tms {
				c := jobcontext.JVMCounter{ID: tm, CPUNanos: 1e9 + int64(s)*int64(cores*seconds*1e9)}
				j.Windows[w].Samples[s].TaskManagers = append(j.Windows[w].Samples[s].TaskManagers, c)
			}
		}
	}
	return j
}

// thread adds a task thread of a dump.
func (j *job) thread(name string, frames ...string) *job {
	j.Threads = append(j.Threads, jobcontext.Thread{TaskManager: j.tms[0], Name: name, Frames: frames})
	return j
}

// short forms of the frames that every task has.
var short = strings.NewReplacer(
	"TASK", "java/lang/Thread.run;org/apache/flink/runtime/taskmanager/Task.run;"+
		"org/apache/flink/streaming/runtime/tasks/StreamTask.invoke;"+
		"org/apache/flink/streaming/runtime/tasks/mailbox/MailboxProcessor.runMailboxLoop",
	"IDLE", "org/apache/flink/streaming/runtime/tasks/mailbox/MailboxProcessor.processMailsWhenDefaultActionUnavailable;"+
		"org/apache/flink/streaming/runtime/tasks/mailbox/TaskMailboxImpl.take;jdk/internal/misc/Unsafe.park",
	"MAP", "org/apache/flink/streaming/api/operators/StreamMap.processElement",
	"SOURCE", "org/apache/flink/streaming/api/operators/SourceOperator.emitNext",
	"FLUSHER", "org/apache/flink/runtime/io/network/api/writer/RecordWriter$OutputFlusher.run;java/lang/Thread.sleep",
	"BUFFERS", "org/apache/flink/streaming/runtime/io/RecordWriterOutput.collect;"+
		"org/apache/flink/runtime/io/network/buffer/LocalBufferPool.requestMemorySegmentBlocking;"+
		"java/util/concurrent/CompletableFuture.get;jdk/internal/misc/Unsafe.park",
)

func graph(t testing.TB, lines ...string) *flamegraph.Graph {
	t.Helper()
	text := short.Replace(strings.Join(lines, "\n")) + "\n"
	g, err := flamegraph.Parse(strings.NewReader(text), flamegraph.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func capture(jvm string, mode events.Mode, g *flamegraph.Graph) Capture {
	return Capture{JVM: jvm, Mode: mode, Seconds: seconds, Graph: g}
}

func diagnoseOK(t testing.TB, in Input) Result {
	t.Helper()
	r, err := Diagnose(in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func itoa(n int) string { return strconv.Itoa(n) }
