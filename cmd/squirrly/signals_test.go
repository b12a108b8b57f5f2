package main

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"squirrly.dev/cmd/squirrly/internal/cli"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink/flinktest"
)

// bound is the longest time that a command may take to end after a signal: a run in this process is cancelled first.
const bound = 25 * time.Second

const someRun = "1b9d6bcd-0000-5000-8000-000000000001"

// waiting is a command line that waits for something which never comes.
type waiting struct {
	args  []string
	env   []string
	input bool   // from stdin, which never ends
	says  string // on stderr; that it was interrupted, where it is empty
	code  int    // 130 where it is 0
}

// waits are all commands that wait for something, by every thing that they wait for.
func waits(t *testing.T, at silence) map[string][]waiting {
	t.Helper()
	dir := t.TempDir()
	claims := filepath.Join(dir, "claims.json")
	if err := os.WriteFile(claims, []byte(`[]`), 0o600); err != nil {
		t.Fatal(err)
	}
	nats := []string{"SQUIRRLY_NATS_URL=" + at.nats}
	page, err := filepath.Abs("../../internal/flink/testdata/2.3.0/profiles/WALL.html")
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]waiting{
		"profile": {
			{args: []string{at.flink, "-d", "30s"}, says: "is cancelled. Flink profiles on until its 30s are over"},
			{args: []string{at.http, "-d", "1s"}, says: "is cancelled\n"},
			{args: []string{at.flink}, env: nats},
			{args: []string{at.flink, "--prompt-file", "/dev/stdin"}, input: true},
		},
		"explain": {
			{args: []string{at.flink, "-d", "30s"}, says: "Flink profiles on until its 30s are over"},
			{args: []string{at.flink}, env: nats},
		},
		"analyze": {
			{args: []string{"-", "--mode", "WALL"}, input: true},
			{args: []string{"/dev/stdin", "--mode", "WALL"}, input: true},
			{args: []string{page}, env: []string{"OPENAI_BASE_URL=" + at.http, "OPENAI_API_KEY=key", "SQUIRRLY_LLM_MODEL=m"}},
		},
		"check": {
			{args: []string{someRun, claims}, env: nats},
			{args: []string{page, "-"}, input: true},
		},
		"diff": {
			{args: []string{someRun, someRun}, env: nats},
			{args: []string{"-", page, "--mode", "WALL"}, input: true},
		},
		"report": {
			{args: []string{someRun}, env: nats},
			{args: []string{someRun, "--http", at.http}},
		},
		"runs report":        {{args: []string{someRun}, env: nats}},
		"runs ls":            {{env: nats}},
		"runs get":           {{args: []string{someRun}, env: nats}},
		"runs watch":         {{args: []string{someRun}, env: nats}},
		"runs cancel":        {{args: []string{someRun}, env: nats}},
		"dead ls":            {{env: nats}},
		"dead show":          {{args: []string{"1"}, env: nats}},
		"dead replay":        {{args: []string{"1"}, env: nats}},
		"policy check":       {{args: []string{"-"}, input: true}},
		"policy ls":          {{env: nats}},
		"policy explain":     {{args: []string{"orders"}, env: nats}},
		"findings ls":        {{env: nats}},
		"findings get":       {{args: []string{"7c1f0d"}, env: nats}},
		"findings dismiss":   {{args: []string{"7c1f0d", "--as", "right"}, env: nats}},
		"findings undismiss": {{args: []string{"7c1f0d"}, env: nats}},
		"routes test":        {{args: []string{"severity=critical", "--file", "-"}, input: true}},
		"notify test":        {{args: []string{"webhook"}, env: []string{"SQUIRRLY_WEBHOOK_URL=" + at.http, "SQUIRRLY_WEBHOOK_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "SQUIRRLY_OUTBOUND_PRIVATE=true"}}},
		"optouts ls":         {{env: nats}},
		"optouts lift":       {{args: []string{"local/default/orders"}, env: nats}},
		"provision":          {{env: nats}, {env: append([]string{"SQUIRRLY_S3_ENDPOINT=" + at.http}, nats...)}},
		"doctor":             {{env: nats}, {args: []string{at.http}}},
		"up":                 {{args: []string{"--data", filepath.Join(dir, "data"), "--port", "0", "--http", ""}, says: "Squirrly is up", code: -1}},
	}
}

// atOnce are the commands that wait for nobody.
var atOnce = map[string][]string{
	"version": nil, "help": nil, "nats-users": {"--out", "users"},
}

// silence is where nobody ever answers; heard gets a word for each question.
type silence struct {
	nats, http, flink string
	heard             chan string
}

// silent starts a NATS server that takes connections and answers no request, an HTTP server that answers nothing, and a Flink
// whose profiles never end.
func silent(t *testing.T) silence {
	t.Helper()
	s := silence{heard: make(chan string, 1000)}
	s.nats = bustest.Silent(t, s.hear)
	end := make(chan struct{})
	web := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s.hear("HTTP " + r.URL.Path)
		select {
		case <-end:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { close(end); web.Close() })
	s.http = web.URL
	replay, err := flinktest.NewReplay("1.20.5")
	if err != nil {
		t.Fatal(err)
	}
	replay.Play(flinktest.Script{Polls: -1})
	flink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		replay.ServeHTTP(w, r)
		if r.Method == http.MethodPost {
			s.hear("a profile began")
		}
	}))
	t.Cleanup(flink.Close)
	s.flink = flink.URL
	return s
}

func (s silence) hear(what string) {
	select {
	case s.heard <- what:
	default:
	}
}

// Every command ends within a bounded time of SIGTERM and of SIGINT, whatever it waits for, with its exit code and with what
// goes on. A command that is not in the tables fails the test.
func TestSignals(t *testing.T) {
	named := waits(t, silence{})
	for _, command := range cli.Commands() {
		if _, ends := atOnce[command]; !ends && named[command] == nil {
			t.Errorf("`squirrly %s` is in neither table: say what it waits for", command)
		}
	}
	for command := range named {
		if !slices.Contains(cli.Commands(), command) {
			t.Errorf("there is no `squirrly %s`", command)
		}
	}
	for command, all := range named {
		for i := range all {
			for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
				t.Run(strings.ReplaceAll(command, " ", "-")+" "+string(rune('a'+i))+" "+signal.String(), func(t *testing.T) {
					t.Parallel()
					at := silent(t)
					signalled(t, at, command, waits(t, at)[command][i], signal)
				})
			}
		}
	}
}

// squirrlyAt is the program as a process of its own, with nothing of the environment of whoever tests.
func squirrlyAt(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, args...)
	c.Args[0], c.Dir = "squirrly", dir // which makes of the test what main is
	c.Env = []string{"HOME=" + dir, "KUBECONFIG=/nonexistent", "PATH=" + os.Getenv("PATH"), "TMPDIR=" + dir}
	return c
}

func signalled(t *testing.T, at silence, command string, w waiting, signal syscall.Signal) {
	t.Helper()
	dir := t.TempDir()
	c := squirrlyAt(t, dir, append(strings.Fields(command), w.args...)...)
	c.Env = append(c.Env, w.env...)
	errOut := &told{up: at}
	var out bytes.Buffer
	c.Stderr, c.Stdout = errOut, &out
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = c.Wait(); close(done) }() // its exit code says how it ended
	if w.input {
		go func() { // more than a pipe holds: it is read when all is written
			if _, err := stdin.Write(bytes.Repeat([]byte("a;b 1\n"), 40_000)); err == nil {
				at.hear("stdin is read")
			}
		}()
	}
	select {
	case <-at.heard:
	case <-done:
		t.Fatalf("it did not wait: exit %d\n%s%s", c.ProcessState.ExitCode(), out.String(), errOut.String())
	case <-time.After(2 * time.Minute):
		_ = c.Process.Kill()
		t.Fatalf("nothing was asked for:\n%s", errOut.String())
	}
	began := time.Now()
	_ = c.Process.Signal(signal)
	select {
	case <-done:
	case <-time.After(bound):
		_ = c.Process.Signal(syscall.SIGQUIT)
		<-done
		t.Fatalf("it did not end within %s:\n%s", bound, errOut.String())
	}
	want := w.code
	switch want {
	case 0:
		want = 130
	case -1:
		want = 0
	}
	if w.says == "" {
		w.says = "squirrly: interrupted\n"
	}
	if code := c.ProcessState.ExitCode(); code != want || !strings.Contains(errOut.String(), w.says) || strings.Contains(errOut.String(), "squirrly: context") {
		t.Errorf("exit %d, want %d; want %q in:\n%s", code, want, w.says, errOut.String())
	}
	t.Logf("ended after %s: %s", time.Since(began).Round(time.Millisecond), lastLine(errOut.String()))
	left, err := filepath.Glob(filepath.Join(dir, "squirrly-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

// told is what a process writes to stderr.
type told struct {
	up silence

	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (w *told) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.text.Write(b)
	if bytes.Contains(b, []byte("Squirrly is up")) {
		w.up.hear("up")
	}
	return n, err
}

func (w *told) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// Commands that wait for nobody end without being asked to.
func TestSignals_AtOnce(t *testing.T) {
	for command, args := range atOnce {
		c := squirrlyAt(t, t.TempDir(), append(strings.Fields(command), args...)...)
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", command, err, out)
		}
	}
}

// A second signal ends a command that is still about its end.
func TestSignals_Twice(t *testing.T) {
	at := silent(t)
	c := squirrlyAt(t, t.TempDir(), "profile", at.flink)
	c.Env = append(c.Env, "SQUIRRLY_NATS_URL="+at.nats)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	<-at.heard
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	for i := range 100 {
		_ = c.Process.Signal(syscall.SIGINT)
		select {
		case err := <-done:
			var exit *exec.ExitError
			if errors.As(err, &exit) && (exit.ExitCode() == 130 || exit.ExitCode() == -1) { // by itself, or by the signal
				return
			}
			t.Fatalf("after %d signals: %v", i+1, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Error("it goes on after a hundred signals")
}
