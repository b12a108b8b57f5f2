package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"

	"squirrly.dev/cmd/squirrly/internal/cli"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/pkg/events"
)

// runCLI executes one command line with nothing of the caller's environment that names servers or keys.
func runCLI(t *testing.T, ctx context.Context, stdin string, args ...string) (code int, out, errOut string) { //nolint:revive // t first, as in every test.
	t.Helper()
	var o, e bytes.Buffer
	code = cli.Run(ctx, args, strings.NewReader(stdin), &o, &e)
	return code, o.String(), e.String()
}

// TestMain has the command line ask NATS servers as the operator, where they know users.
func TestMain(m *testing.M) {
	_ = os.Setenv("SQUIRRLY_NATS_USER", natsusers.Operator)
	_ = os.Setenv("SQUIRRLY_NATS_PASSWORD", bustest.Password(natsusers.Operator))
	os.Exit(m.Run())
}

func clean(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"SQUIRRLY_NATS_URL", "NATS_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "SQUIRRLY_LLM_KEY", "SQUIRRLY_LLM_URL",
		"AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "GEMINI_API_KEY",
		"GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL", "OPENROUTER_API_KEY", "SQUIRRLY_LLM_PROVIDER", "SQUIRRLY_LLM_MODEL",
		"API_PROVIDER", "FLINK_DEPLOYMENT_NAME", "PROFILER_TYPE", "PROFILER_DURATION", "ANALYSIS_PROMPT_FILE",
	} {
		t.Setenv(name, "")
	}
}

func page(mode string) string {
	return filepath.Join("../../../../internal/flink/testdata/2.3.0/profiles", mode+".html")
}

func TestRun_Usage(t *testing.T) {
	clean(t)
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no target":        {[]string{"profile"}, 2, "name what to profile"},
		"unknown flag":     {[]string{"profile", "--durration", "3s", "http://x"}, 2, "--help"},
		"two targets":      {[]string{"profile", "a", "b"}, 2, "--help"},
		"bad mode":         {[]string{"profile", "http://x:1", "--mode", "fast"}, 2, "choose CPU, ITIMER"},
		"no command":       {[]string{"frobnicate"}, 2, "unknown command"},
		"near a command":   {[]string{"profil"}, 2, "did you mean profile"},
		"no subcommand":    {[]string{"runs", "frobnicate"}, 2, "unknown command"},
		"no help":          {[]string{"help", "profil"}, 2, "did you mean profile"},
		"text alone":       {[]string{"provision", "-o", "json"}, 2, "prints text alone"},
		"no page":          {[]string{"dead", "ls", "-o", "html"}, 2, "choose text or json"},
		"no broker":        {[]string{"runs", "ls", "--nats", "nats://127.0.0.1:1"}, 1, "Is a server running"},
		"no folder":        {[]string{"profile", "http://127.0.0.1:1", "--out", "/proc/nothing/there"}, 2, "--out"},
		"up of a server":   {[]string{"up", "--nats", "nats://127.0.0.1:1"}, 2, "of its own"},
		"bad format":       {[]string{"profile", "http://x:1", "-o", "pdf"}, 2, "choose text, json, markdown or html"},
		"bad severity":     {[]string{"profile", "http://x:1", "--fail-on", "awful"}, 2, "choose info, warning or critical"},
		"bad provider":     {[]string{"analyze", page("WALL"), "--provider", "oracle"}, 2, "choose anthropic, azure, gemini"},
		"provider, no key": {[]string{"analyze", page("WALL"), "--provider", "openai"}, 2, "OPENAI_API_KEY"},
		"provider, azure":  {[]string{"analyze", page("WALL"), "--provider", "azure"}, 2, "AZURE_OPENAI_ENDPOINT"},
		"no key file":      {[]string{"analyze", page("WALL"), "--llm-key-file", "nope.key"}, 2, "nope.key"},
		"no such file":     {[]string{"analyze", "nope.html", "--mode", "WALL"}, 2, "nope.html"},
		"no such context":  {[]string{"profile", "http://x:1", "--context", "nope"}, 2, "nope"},
		"credentials":      {[]string{"profile", "http://user:secret@x:1"}, 2, "--flink-user"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := runCLI(t, t.Context(), "", c.args...)
			if code != c.code || !strings.Contains(errOut, c.says) || out != "" {
				t.Errorf("exit %d, want %d; stderr %q, want %q; stdout %q", code, c.code, errOut, c.says, out)
			}
			if strings.Contains(errOut, "secret") {
				t.Errorf("stderr shows a secret: %q", errOut)
			}
		})
	}
}

func TestAnalyze_Formats(t *testing.T) {
	clean(t)
	for format, begins := range map[string]string{"text": "2 flame graphs", "markdown": "#", "html": "<!DOCTYPE html>", "json": "{"} {
		code, out, errOut := runCLI(t, t.Context(), "", "analyze", page("ITIMER"), page("WALL"), "-o", format)
		if code != 0 || !strings.HasPrefix(strings.TrimSpace(out), begins) || !strings.Contains(out, "EvenStallingFunction") {
			t.Errorf("%s: exit %d, stderr %q, stdout begins %.80q", format, code, errOut, out)
		}
	}
}

func TestAnalyze_Stdin(t *testing.T) {
	clean(t)
	stacks := "java/lang/Thread.run;org/apache/flink/runtime/taskmanager/Task.run;org/apache/flink/streaming/api/operators/StreamMap.processElement;app/Slow.map;java/lang/Thread.sleep 900\n"
	code, out, errOut := runCLI(t, t.Context(), stacks, "analyze", "-", "--mode", "WALL", "-o", "json", "--fail-on", "warning")
	var a events.Analysis
	if err := json.Unmarshal([]byte(out), &a); err != nil || code != 3 {
		t.Fatalf("exit %d, want 3 for findings; %v; stderr %q", code, err, errOut)
	}
	if len(a.Findings) == 0 || a.Findings[0].Rule != "A1" || a.Findings[0].Anchor != "app.Slow.map" {
		t.Errorf("findings %+v", a.Findings)
	}
}

// A folder of `profile --out` is analyzed with its metrics; what is no flame graph there is left alone.
func TestAnalyze_Folder(t *testing.T) {
	clean(t)
	_, url := replay(t, flinktest.Script{})
	dir := t.TempDir()
	if code, _, errOut := runCLI(t, t.Context(), "", "profile", url, "--duration", "1s", "--out", dir); code != 0 {
		t.Fatalf("profile: exit %d: %s", code, errOut)
	}
	var of, bare events.Analysis
	for args, a := range map[string]*events.Analysis{dir: &of, filepath.Join(dir, "captures"): &bare} {
		code, out, errOut := runCLI(t, t.Context(), "", "analyze", args, "-o", "json")
		if err := json.Unmarshal([]byte(out), a); err != nil || code != 0 || len(a.Captures) != 2 {
			t.Fatalf("%s: exit %d, %v, %d captures: %s", args, code, err, len(a.Captures), errOut)
		}
	}
	if of.JobName != "squirrly-sample" || len(of.Vertices) == 0 || bare.JobName != "" {
		t.Errorf("job %q with %d vertices of the folder, %q of its captures alone", of.JobName, len(of.Vertices), bare.JobName)
	}
	if code, _, errOut := runCLI(t, t.Context(), "", "analyze", t.TempDir()); code != 2 || !strings.Contains(errOut, "no flame graphs there") {
		t.Errorf("an empty folder: exit %d, %q", code, errOut)
	}
}

// The prompt is shown and not sent; secrets of context files are not in it.
func TestAnalyze_Prompt(t *testing.T) {
	clean(t)
	t.Setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1") // nobody there: asking would fail
	file := filepath.Join(t.TempDir(), "app.properties")
	if err := os.WriteFile(file, []byte("db.password=hunter2-hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errOut := runCLI(t, t.Context(), "", "analyze", page("ITIMER"), page("WALL"), "--context", file, "--prompt")
	if code != 0 || !strings.Contains(out, "EvenStallingFunction") || !strings.Contains(out, "db.password=") {
		t.Errorf("exit %d, stderr %q, prompt %.200q", code, errOut, out)
	}
	if strings.Contains(out+errOut, "hunter2") || !strings.Contains(errOut, " tokens (") || !strings.Contains(errOut, "would go to gpt-5-mini: $0.") ||
		!strings.Contains(errOut, "with an answer of 8000 tokens (prices of 20") {
		t.Errorf("stderr %q", errOut)
	}
	_, _, errOut = runCLI(t, t.Context(), "", "analyze", page("ITIMER"), "--prompt", "--model", "our-model")
	if !strings.Contains(errOut, "would go to our-model: the cost is unknown") {
		t.Errorf("stderr %q", errOut)
	}
}

// An analysis is compared with an earlier one, from its file or its folder.
func TestAnalyze_Baseline(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	_, before, _ := runCLI(t, t.Context(), "", "analyze", page("ITIMER"), page("WALL"), "-o", "json")
	if err := os.WriteFile(filepath.Join(dir, "analysis.json"), []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(dir, "analysis.json")} {
		code, out, errOut := runCLI(t, t.Context(), "", "analyze", page("ITIMER"), page("WALL"), "--baseline", path, "-o", "json")
		var a events.Analysis
		if err := json.Unmarshal([]byte(out), &a); err != nil || code != 0 || a.Comparison == nil || a.Comparison.Summary == "" {
			t.Fatalf("exit %d, %v, %s: %+v", code, err, errOut, a.Comparison)
		}
	}
	if code, _, errOut := runCLI(t, t.Context(), "", "analyze", page("WALL"), "--baseline", page("WALL")); code != 2 || !strings.Contains(errOut, "is no analysis") {
		t.Errorf("exit %d, %q", code, errOut)
	}
}

// A profile of pprof tells its mode by its kinds of samples.
func TestAnalyze_Pprof(t *testing.T) {
	clean(t)
	p := &profile.Profile{SampleType: []*profile.ValueType{{Type: "wall", Unit: "count"}}}
	s := &profile.Sample{Value: []int64{900}}
	for i, name := range []string{
		"java.lang.Thread.sleep", "app.Slow.map", "org.apache.flink.streaming.api.operators.StreamMap.processElement",
		"org.apache.flink.runtime.taskmanager.Task.run", "java.lang.Thread.run",
	} {
		f := &profile.Function{ID: uint64(i + 1), Name: name}
		l := &profile.Location{ID: f.ID, Line: []profile.Line{{Function: f}}}
		p.Function, p.Location, s.Location = append(p.Function, f), append(p.Location, l), append(s.Location, l)
	}
	p.Sample = append(p.Sample, s)
	path := filepath.Join(t.TempDir(), "tm-1.pb.gz")
	var file bytes.Buffer
	if err := p.Write(&file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errOut := runCLI(t, t.Context(), "", "analyze", path, "-o", "json")
	var a events.Analysis
	if err := json.Unmarshal([]byte(out), &a); err != nil || code != 0 {
		t.Fatalf("exit %d, %v: %s", code, err, errOut)
	}
	if len(a.Findings) == 0 || a.Findings[0].Rule != "A1" || a.Captures[0].Mode != events.ModeWall {
		t.Errorf("captures %+v, findings %+v", a.Captures, a.Findings)
	}
}

// replay serves a recorded Flink.
func replay(t *testing.T, s flinktest.Script) (*flinktest.Replay, string) {
	t.Helper()
	r, err := flinktest.NewReplay("1.20.5")
	if err != nil {
		t.Fatal(err)
	}
	r.Play(s)
	srv := httptest.NewServer(r)
	t.Cleanup(srv.Close)
	return r, srv.URL
}

// The one-shot command runs the whole pipeline in this process and leaves the artifacts where it was told.
func TestProfile_OneShot(t *testing.T) {
	clean(t)
	r, url := replay(t, flinktest.Script{})
	dir := t.TempDir()
	notes := filepath.Join(t.TempDir(), "notes.md")
	if err := os.WriteFile(notes, []byte("it was fast last week"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errOut := runCLI(t, t.Context(), "", "profile", url, "--duration", "1s", "--context", notes, "--out", dir, "-o", "json")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	var a events.Analysis
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatalf("stdout is not the analysis: %v", err)
	}
	// The recording's counters stand still within one second, so the vertex stays open; the pages prove the function.
	if len(a.Findings) == 0 || a.Findings[0].Rule != "A1" || r.Started() != 2 {
		t.Errorf("verdict %q, findings %+v after %d profiles", a.Verdict.Headline, a.Findings, r.Started())
	}
	for _, want := range []string{"report.html", "report.md", "report.txt", "analysis.json", "captures/*-WALL-*.html", "captures/*-ITIMER-*.html", "context/notes-*.md", "context/job-*.json", "manifest-*.json"} {
		if found, err := filepath.Glob(filepath.Join(dir, want)); err != nil || len(found) != 1 {
			t.Errorf("--out holds %d of %s", len(found), want)
		}
	}
	for _, said := range []string{"run ", "job squirrly-sample", "ITIMER stored", "WALL stored", "done in"} {
		if !strings.Contains(errOut, said) {
			t.Errorf("progress does not say %q:\n%s", said, errOut)
		}
	}

	// A second run into the same folder gets one of its own, and the first can be read as before.
	if code, _, errOut := runCLI(t, t.Context(), "", "profile", url, "--duration", "1s", "--out", dir); code != 0 {
		t.Fatalf("again: exit %d: %s", code, errOut)
	}
	second, err := filepath.Glob(filepath.Join(dir, "????????-*", "report.html"))
	if err != nil || len(second) != 1 {
		t.Fatalf("the second run is in %q, %v", second, err)
	}
	for _, folder := range []string{dir, filepath.Dir(second[0])} {
		if code, out, errOut := runCLI(t, t.Context(), "", "analyze", folder, "-q"); code != 0 || !strings.Contains(out, "Thread.sleep") {
			t.Errorf("analyze %s: exit %d: %s%s", folder, code, out, errOut)
		}
	}
}

func TestProfile_Refused(t *testing.T) {
	clean(t)
	_, disabled := replay(t, flinktest.Script{Disabled: true})
	_, enabled := replay(t, flinktest.Script{})
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"profiling disabled": {[]string{disabled}, 1, "profiling_disabled"},
		"unknown job":        {[]string{enabled, "--job", "nope"}, 5, "unknown_job"},
		"metadata service":   {[]string{"http://169.254.169.254"}, 4, "forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := runCLI(t, t.Context(), "", append([]string{"profile", "-d", "1s"}, c.args...)...)
			if code != c.code || !strings.Contains(errOut, c.says) || out != "" {
				t.Errorf("exit %d, want %d; stderr %q, want %s", code, c.code, errOut, c.says)
			}
		})
	}
}

// An interrupt cancels the run and says so.
func TestProfile_Interrupt(t *testing.T) {
	clean(t)
	_, url := replay(t, flinktest.Script{Polls: -1})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	code, _, errOut := runCLI(t, ctx, "", "profile", url, "-d", "30s")
	if code != 130 || !strings.Contains(errOut, "is cancelled") {
		t.Errorf("exit %d, want 130; stderr %q", code, errOut)
	}
}
