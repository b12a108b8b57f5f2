package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
)

const brought = "testdata/brought/"

// analyzed runs analyze and decodes what it printed.
func analyzed(t *testing.T, args ...string) events.Analysis {
	t.Helper()
	code, out, errOut := runCLI(t, t.Context(), "", append([]string{"analyze", "-o", "json"}, args...)...)
	var an events.Analysis
	if err := json.Unmarshal([]byte(out), &an); err != nil || code != 0 {
		t.Fatalf("%v: exit %d, stderr %q: %v", args, code, errOut, err)
	}
	return an
}

// One profile in the forms that people have it in: each gives the same finding.
func TestAnalyze_Brought(t *testing.T) {
	clean(t)
	for file, note := range map[string]string{
		"converter-2.0_WALL.html":   "",
		"dots_WALL.collapsed":       "",
		"lines_WALL.collapsed":      "",
		"modules_WALL.collapsed":    "",
		"packed_WALL.collapsed.gz":  "",
		"raw_WALL.pprof":            "",
		"simple_WALL.collapsed":     "had no packages",
		"reversed_WALL.collapsed":   "turned round",
		"signatures_WALL.collapsed": "",
		"perfmap_WALL.collapsed":    "",
		"threads_WALL.collapsed":    "",
	} {
		an := analyzed(t, brought+file)
		if len(an.Findings) == 0 || an.Findings[0].Rule != "A1" || an.Findings[0].Samples != 500 ||
			!strings.HasSuffix(an.Findings[0].Anchor, "EnrichFunction.map") || an.Findings[0].Frame != "java.lang.Thread.sleep" {
			t.Errorf("%s: %s %+v", file, an.Verdict.Headline, an.Findings)
		}
		if c := an.Captures[0]; c.Samples != 1100 || c.Mode != events.ModeWall || !strings.Contains(strings.Join(c.Notes, "; "), note) || (note == "") != (len(c.Notes) == 0) {
			t.Errorf("%s: %+v", file, c)
		}
	}
}

// What has no task of Flink gets no verdict, but the likely reason, unless it is forced.
func TestAnalyze_NoTask(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	write := func(name, stacks string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(stacks), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const job = "org/apache/flink/streaming/runtime/tasks/StreamTask.invoke;com/acme/A.map"
	for name, c := range map[string]struct{ path, says string }{
		"another JVM":      {brought + "svc_ITIMER.collapsed", "another JVM than a TaskManager"},
		"cut stacks":       {write("cut_WALL.collapsed", job+" 70\n"), "its stacks are cut"},
		"JobManager":       {write("jm_WALL.collapsed", "java/lang/Thread.run;org/apache/flink/runtime/jobmaster/JobMaster.f 7\n"), "looks like a JobManager"},
		"idle TaskManager": {write("tm_ITIMER.collapsed", "java/lang/Thread.run;org/apache/flink/runtime/taskexecutor/TaskExecutor.f 7\n"), "none of its tasks was seen"},
		"a client":         {write("cl_ITIMER.collapsed", "Main.main;org/apache/flink/client/cli/CliFrontend.main 7\n"), "none of a TaskManager"},
		"perf":             {write("perf_CPU.collapsed", "java;Interpreter;L"+strings.Replace(job, ".", ";::", 1)+" 7\n"), "frames of the interpreter"},
		"native alone":     {write("n_CPU.collapsed", "start_thread;GangWorker::loop 7\n"), "no Java method is in it"},
		"no packages":      {write("s_CPU.collapsed", "Thread.run;ThreadPoolExecutor$Worker.run;HashMap.get 7\n"), "asprof without -s"},
	} {
		code, out, errOut := runCLI(t, t.Context(), "", "analyze", c.path)
		if code != 2 || out != "" || !strings.Contains(errOut, c.says) || !strings.Contains(errOut, filepath.Base(c.path)) {
			t.Errorf("%s: exit %d, stderr %q, want %q", name, code, errOut, c.says)
		}
		an := analyzed(t, "--force", c.path)
		if strings.Contains(an.Verdict.Headline, "no known problem") || !strings.Contains(strings.Join(an.Missing, " "), c.says) {
			t.Errorf("%s, forced: %s; missing %v", name, an.Verdict.Headline, an.Missing)
		}
	}
}

// A page without tasks beside one with them is no reason to refuse both.
func TestAnalyze_SomeTasks(t *testing.T) {
	clean(t)
	if an := analyzed(t, brought+"svc_ITIMER.collapsed", brought+"dots_WALL.collapsed"); len(an.Findings) == 0 || an.Findings[0].Rule != "A1" {
		t.Errorf("%s", an.Verdict.Headline)
	}
}

// The mode is a field of the file name and the title of the page, never a word in the name of a cluster.
func TestAnalyze_WallStreet(t *testing.T) {
	clean(t)
	an := analyzed(t, brought+"wall-street")
	var got []string
	for _, c := range an.Captures {
		got = append(got, c.JVM+" "+string(c.Mode))
		if want := map[events.Mode]int64{events.ModeITimer: 30, events.ModeWall: 1100}[c.Mode]; c.Samples != want || len(c.Notes) > 0 {
			t.Errorf("%+v, want %d samples", c, want)
		}
	}
	if want := []string{"wall-street-trades-taskmanager-1-1 WALL", "wall-street-trades-taskmanager-1-1 ITIMER"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// A name that contradicts the title of the page is told.
func TestAnalyze_Disagree(t *testing.T) {
	clean(t)
	page, err := os.ReadFile(brought + "converter-2.0_WALL.html")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tm-1_ITIMER_2026-11-23_08_49_05.html")
	if err := os.WriteFile(path, page, 0o600); err != nil {
		t.Fatal(err)
	}
	c := analyzed(t, path).Captures[0]
	if c.Mode != events.ModeWall || c.JVM != "tm-1" || !strings.Contains(strings.Join(c.Notes, ""), `says ITIMER and its title "Wall clock profile"`) {
		t.Errorf("%+v", c)
	}
}

// What cannot be read is called by its name, and the file by its own.
func TestAnalyze_Foreign(t *testing.T) {
	clean(t)
	for file, says := range map[string]string{
		"tm_WALL.svg": "an SVG flame graph", "tm_WALL.txt": "the text output of async-profiler",
	} {
		code, out, errOut := runCLI(t, t.Context(), "", "analyze", brought+file)
		if code != 1 || out != "" || !strings.Contains(errOut, says) || !strings.Contains(errOut, brought+file+": ") || strings.Contains(errOut, "truncated") {
			t.Errorf("%s: exit %d, %q", file, code, errOut)
		}
	}
	path := filepath.Join(t.TempDir(), "tm_WALL.collapsed")
	if err := os.WriteFile(path, []byte("a;b 1\na;b 2\na;c\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, errOut := runCLI(t, t.Context(), "", "analyze", path); !strings.Contains(errOut, "tm_WALL.collapsed: parse profile: line 3: ") {
		t.Errorf("%q", errOut)
	}
}

func TestAnalyze_LibraryInBrackets(t *testing.T) {
	clean(t)
	if an := analyzed(t, brought+"musl_ITIMER.collapsed"); !strings.Contains(an.Verdict.Headline, "[ld-musl-x86_64.so.1]") {
		t.Error(an.Verdict.Headline)
	}
}
