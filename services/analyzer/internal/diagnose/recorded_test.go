package diagnose

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
)

// Recordings of the sample job on real Flinks: parallelism 2, one TaskManager, 8 s of ITIMER and then of WALL, with the
// counters at the three edges of the two windows.
var (
	recordings    = filepath.Join("..", "..", "..", "..", "internal", "flink", "testdata")
	flinkVersions = []string{"1.20.5", "2.3.0"}
)

const recordedTM = "taskmanager-1:6122"

func recorded(t testing.TB, version string, mode events.Mode) Capture {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(recordings, version, "profiles", string(mode)+".html"))
	if err != nil {
		t.Fatal(err)
	}
	g, err := flamegraph.Parse(bytes.NewReader(page), flamegraph.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return Capture{JVM: recordedTM, Mode: mode, Seconds: seconds, Graph: g, Bytes: int64(len(page))}
}

// answer reads the body of one recorded answer.
func answer(t testing.TB, into any, version, format string, args ...any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(recordings, version, fmt.Sprintf(format, args...)+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var exchange struct{ JSON json.RawMessage }
	if err := json.Unmarshal(b, &exchange); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(exchange.JSON, into); err != nil {
		t.Fatal(err)
	}
}

type recordedVertex struct {
	ID, Name    string
	Parallelism int
	Subtasks    []struct {
		Subtask     int
		Status      string
		TaskManager string `json:"taskmanager-id"`
		Metrics     struct {
			Read  int64   `json:"read-records"`
			Write int64   `json:"write-records"`
			Busy  float64 `json:"accumulated-busy-time"`
			Idle  int64   `json:"accumulated-idle-time"`
			Back  int64   `json:"accumulated-backpressured-time"`
		}
	}
}

// recordedContext puts the recorded answers together as a collector would.
func recordedContext(t testing.TB, version string) *jobcontext.Context {
	t.Helper()
	var job struct {
		Now      int64
		Vertices []struct{ ID string }
		Plan     struct {
			Nodes []struct {
				ID     string
				Inputs []struct{ ID string }
			}
		}
	}
	c := &jobcontext.Context{FlinkVersion: version, TaskManagers: []jobcontext.TaskManager{{ID: recordedTM}}}
	var samples []jobcontext.Sample
	for edge := range 3 {
		answer(t, &job, version, "job.%d", edge)
		sample := jobcontext.Sample{AtMillis: job.Now, TaskManagers: []jobcontext.JVMCounter{recordedJVM(t, version, edge)}}
		c.Vertices = nil
		for i := range job.Vertices {
			var v recordedVertex
			answer(t, &v, version, "vertex-%d.%d", i, edge)
			vertex := jobcontext.Vertex{ID: v.ID, Name: v.Name, Parallelism: v.Parallelism}
			for _, s := range v.Subtasks {
				vertex.Subtasks = append(vertex.Subtasks, jobcontext.Subtask{Index: s.Subtask, TaskManager: s.TaskManager, Status: s.Status})
				sample.Subtasks = append(sample.Subtasks, jobcontext.Counters{
					Vertex: v.ID, Subtask: s.Subtask, BusyMillis: int64(s.Metrics.Busy), IdleMillis: s.Metrics.Idle,
					BackPressuredMillis: s.Metrics.Back, ReadRecords: s.Metrics.Read, WriteRecords: s.Metrics.Write,
				})
			}
			for _, node := range job.Plan.Nodes {
				for _, in := range node.Inputs {
					if node.ID == v.ID {
						vertex.Inputs = append(vertex.Inputs, jobcontext.Input{Vertex: in.ID})
					}
				}
			}
			c.Vertices = append(c.Vertices, vertex)
		}
		samples = append(samples, sample)
	}
	c.Windows = []jobcontext.Window{
		{Mode: "ITIMER", Seconds: seconds, Samples: samples[:2]}, {Mode: "WALL", Seconds: seconds, Samples: samples[1:]},
	}
	c.Threads = recordedThreads(t, version)
	return c
}

func recordedJVM(t testing.TB, version string, edge int) jobcontext.JVMCounter {
	t.Helper()
	var metrics []struct{ ID, Value string }
	answer(t, &metrics, version, "taskmanager-metrics.%d", edge)
	c := jobcontext.JVMCounter{ID: recordedTM, CPUNanos: -1, GCMillis: -1}
	for _, m := range metrics {
		n, err := strconv.ParseInt(m.Value, 10, 64)
		switch {
		case err != nil:
		case m.ID == "Status.JVM.CPU.Time":
			c.CPUNanos = n
		case m.ID == "Status.JVM.GarbageCollector.All.Time":
			c.GCMillis = n
		}
	}
	return c
}

func recordedThreads(t testing.TB, version string) []jobcontext.Thread {
	t.Helper()
	var dump struct {
		ThreadInfos []struct{ ThreadName, StringifiedThreadInfo string }
	}
	answer(t, &dump, version, "thread-dump")
	var threads []jobcontext.Thread
	for _, info := range dump.ThreadInfos {
		thread := jobcontext.Thread{TaskManager: recordedTM, Name: info.ThreadName}
		for line := range strings.Lines(info.StringifiedThreadInfo) {
			frame, ok := strings.CutPrefix(strings.TrimSpace(line), "at ")
			if !ok {
				continue
			}
			frame, _, _ = strings.Cut(frame, "(")
			thread.Frames = append(thread.Frames, frame[strings.LastIndexByte(frame, '/')+1:])
		}
		threads = append(threads, thread)
	}
	return threads
}

// TestRecordedJob is the whole of it: real pages, real counters, real thread dump.
func TestRecordedJob(t *testing.T) {
	for _, version := range flinkVersions {
		t.Run(version, func(t *testing.T) {
			r := diagnoseOK(t, Input{
				Context:  recordedContext(t, version),
				Captures: []Capture{recorded(t, version, events.ModeITimer), recorded(t, version, events.ModeWall)},
			})
			v, first := r.Analysis.Verdict, r.Analysis.Findings[0]
			t.Log(v.Headline)
			if v.VertexName != "arbitrary-stall" || v.Anchor != stall || v.Frame != sleeps || v.NextLimit != "sine" {
				t.Errorf("verdict: %s", v.Headline)
			}
			if want := []string{"Source: numbers", "random-integers"}; !slices.Equal(v.Victims, want) {
				t.Errorf("victims %v, want %v", v.Victims, want)
			}
			if first.Rule != "A1" || first.Severity != events.SeverityCritical || first.TE < 1.9 || first.TE > 2.1 || first.P < 0.9 {
				t.Errorf("first finding: %s %s, TE %.2f, p %.2f", first.Rule, first.Severity, first.TE, first.P)
			}
			checkOthers(t, r)
			checkForm(t, r)
		})
	}
}

// TestRecordedModes: every page that a real Flink gave, alone.
func TestRecordedModes(t *testing.T) {
	for _, version := range flinkVersions {
		for _, mode := range modeOrder {
			r := diagnoseOK(t, Input{Captures: []Capture{recorded(t, version, mode)}})
			checkForm(t, r)
			if r.Profiles[0].Samples != uint64(r.Analysis.Captures[0].Samples) {
				t.Errorf("%s %s: %d samples in the profile, %d in the capture", version, mode, r.Profiles[0].Samples, r.Analysis.Captures[0].Samples)
			}
			t.Log(version, mode, r.Analysis.Captures[0].Notes, r.Analysis.Verdict.Headline)
		}
	}
}
