package faithful

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/llmtest"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
	"squirrly.dev/services/analyzer/internal/ask"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/diagnose"
)

// captures is a folder of recorded runs: <case>/<variant>/manifest-*.json and what it names.
var captures = flag.String("captures", filepath.Join("..", "..", "..", "..", "..", "test", "diagnosis", "recorded"),
	"folder of recorded captures to measure too")

// The data that every checkout has.
const (
	pages    = "../../../../../internal/flink/testdata/*/profiles"
	profiles = "../../diagnose/testdata/rules/*.txt"
)

// run is a diagnosed run with the prompt that a model gets.
type run struct {
	name string
	in   ask.Input
	req  llmtest.Request
}

// seconds is how long each capture of the repository is.
const seconds = 8

// cases returns all runs. They are diagnosed once.
func cases(t testing.TB) []run {
	t.Helper()
	if len(all) == 0 {
		all = diagnosed(t)
	}
	return all
}

var all []run

func diagnosed(t testing.TB) []run {
	t.Helper()
	var out []run
	for _, dir := range glob(t, pages, 2) {
		var together []diagnose.Capture
		for _, path := range glob(t, filepath.Join(dir, "*.html"), 5) {
			c := captureOf(t, path)
			together = append(together, c)
			out = append(out, runOf(t, path, diagnose.Input{Captures: []diagnose.Capture{c}}))
		}
		out = append(out, runOf(t, dir, diagnose.Input{Captures: together}))
		out = append(out, runOf(t, dir+" with metrics", diagnose.Input{Captures: together, Context: context(true)}))
	}
	for _, path := range glob(t, profiles, 40) {
		c := captureOf(t, path)
		if strings.Contains(path, ".negative.") {
			out = append(out, runOf(t, path, diagnose.Input{Captures: []diagnose.Capture{c}}))
			continue
		}
		out = append(out, runOf(t, path+" limited", diagnose.Input{Captures: []diagnose.Capture{c}, Context: context(true)}),
			runOf(t, path+" not limited", diagnose.Input{Captures: []diagnose.Capture{c}, Context: context(false)}))
	}
	return append(out, recordedRuns(t, *captures)...)
}

func glob(t testing.TB, pattern string, least int) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) < least {
		t.Fatalf("%s: %d files, at least %d are expected: %v", pattern, len(found), least, err)
	}
	return found
}

// recordedRuns reads the runs below a folder, as `squirrly profile --out` leaves them.
func recordedRuns(t testing.TB, root string) []run {
	t.Helper()
	var out []run
	for _, manifest := range glob(t, filepath.Join(root, "*", "*", "manifest-*.json"), 1) {
		dir := filepath.Dir(manifest)
		stored, err := analyzer.Folder(dir)
		if err != nil {
			t.Fatal(err)
		}
		in := diagnose.Input{Context: stored.Context}
		for _, p := range stored.Pages {
			g, err := flamegraph.Parse(bytes.NewReader(p.Body), flamegraph.Limits{})
			if err != nil {
				t.Fatalf("%s: %s of %s: %v", dir, p.Mode, p.JVM, err)
			}
			in.Captures = append(in.Captures, diagnose.Capture{JVM: p.JVM, Mode: p.Mode, Seconds: p.Seconds, Graph: g, Bytes: int64(len(p.Body))})
		}
		out = append(out, runOf(t, dir, in))
	}
	return out
}

var modeForm = regexp.MustCompile(`(?:^|[^A-Z])(WALL|ITIMER|CPU|ALLOC|LOCK)(?:[^A-Z]|$)`)

// modeOf returns the mode in the name of a capture.
func modeOf(path string) events.Mode {
	name := filepath.Base(path)
	if m := modeForm.FindStringSubmatch(name); m != nil {
		return events.Mode(m[1])
	}
	return ""
}

// long are the short forms in the profiles of the rules.
var long = strings.NewReplacer(
	"TASK", "java/lang/Thread.run;org/apache/flink/runtime/taskmanager/Task.run;"+
		"org/apache/flink/streaming/runtime/tasks/mailbox/MailboxProcessor.runMailboxLoop",
	"IDLE", "org/apache/flink/streaming/runtime/tasks/mailbox/TaskMailboxImpl.take;jdk/internal/misc/Unsafe.park",
	"MAP", "org/apache/flink/streaming/api/operators/StreamMap.processElement",
	"SOURCE", "org/apache/flink/streaming/api/operators/SourceOperator.emitNext",
	"FLUSHER", "org/apache/flink/runtime/io/network/api/writer/RecordWriter$OutputFlusher.run;java/lang/Thread.sleep",
	"BUFFERS", "org/apache/flink/runtime/io/network/buffer/LocalBufferPool.requestMemorySegmentBlocking;jdk/internal/misc/Unsafe.park",
)

func captureOf(t testing.TB, path string) diagnose.Capture {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	mode := modeOf(path)
	if mode == "" {
		mode = events.ModeWall
		body = []byte(long.Replace(string(body)))
	}
	g, err := flamegraph.Parse(bytes.NewReader(body), flamegraph.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return diagnose.Capture{JVM: "tm-1", Mode: mode, Seconds: seconds, Graph: g, Bytes: int64(len(body))}
}

// context is a job of three vertices; the one in the middle limits it, or nothing does.
func context(limited bool) *jobcontext.Context {
	c := &jobcontext.Context{
		FlinkVersion: "2.1.0", Job: jobcontext.Job{ID: "j", Name: "orders"},
		TaskManagers: []jobcontext.TaskManager{{ID: "tm-1", Slots: 4}},
	}
	busy := []int64{700, 7900, 400}
	back := []int64{7100, 0, 0}
	if !limited {
		busy, back = []int64{700, 2900, 400}, []int64{0, 0, 0}
	}
	first, last := jobcontext.Sample{AtMillis: 1000}, jobcontext.Sample{AtMillis: 9000}
	for i, name := range []string{"Source: orders", "enrich", "Sink: Writer"} {
		v := jobcontext.Vertex{ID: name, Name: name, Parallelism: 1, Subtasks: []jobcontext.Subtask{{TaskManager: "tm-1", Status: "RUNNING"}}}
		if i > 0 {
			v.Inputs = []jobcontext.Input{{Vertex: c.Vertices[i-1].ID, Ship: "HASH"}}
		}
		c.Vertices = append(c.Vertices, v)
		first.Subtasks = append(first.Subtasks, jobcontext.Counters{Vertex: name})
		last.Subtasks = append(last.Subtasks, jobcontext.Counters{
			Vertex: name, BusyMillis: busy[i], BackPressuredMillis: back[i], IdleMillis: 8000 - busy[i] - back[i],
			ReadRecords: 8 * 950, WriteRecords: 8 * 950,
		})
	}
	for _, mode := range []string{"WALL", "ITIMER"} {
		c.Windows = append(c.Windows, jobcontext.Window{Mode: mode, Seconds: seconds, Samples: []jobcontext.Sample{first, last}})
	}
	return c
}

// runOf diagnoses and builds the prompt.
func runOf(t testing.TB, name string, in diagnose.Input) run {
	t.Helper()
	res, err := diagnose.Diagnose(in)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	q := ask.From(res)
	q.Prompt.Files = []prompt.File{{Name: "Enrich.java", Text: "class Enrich {\n  int timeout = 250;\n  Client.open(\"orders\");\n}"}}
	q.Prompt.Settings = []prompt.Setting{{Key: "taskmanager.numberOfTaskSlots", Value: "4"}}
	q.Prompt.Template = prompt.Default()
	p, err := prompt.Build(q.Prompt, strings.Repeat("ab", 16))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return run{name: name, in: q, req: llmtest.Request{
		Model:    llmtest.Model,
		Messages: []llmtest.Message{{Role: "system", Content: p.System}, {Role: "user", Content: p.User}},
	}}
}
