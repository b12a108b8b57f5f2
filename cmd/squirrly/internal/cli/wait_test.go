package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"squirrly.dev/cmd/squirrly/internal/cli"
	"squirrly.dev/cmd/squirrly/internal/local"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// serve runs all services until the test ends, and returns the address of their NATS server.
func serve(t *testing.T) (*local.Stack, string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	number := 0
	if _, err := fmt.Sscan(port, &number); err != nil {
		t.Fatal(err)
	}
	s, err := local.Start(context.WithoutCancel(t.Context()), local.Options{Dir: t.TempDir(), Port: number, Version: "test", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s, "nats://127.0.0.1:" + port
}

// asked sends a request and does not wait.
func asked(t *testing.T, server, url string) string {
	t.Helper()
	code, out, errOut := runCLI(t, t.Context(), "", "profile", url, "-d", "1s", "--nats", server, "--no-wait")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	return strings.TrimSpace(out)
}

// until waits for a state of a run.
func until(t *testing.T, s *local.Stack, id string, ok func(run.Record) bool) run.Record {
	t.Helper()
	var rec run.Record
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var err error
		if rec, err = run.New(s.Bus).Get(t.Context(), id); err == nil && ok(rec) {
			return rec
		}
	}
	t.Fatalf("run %s is %s: %+v", id, rec.State, rec.Outcome)
	return rec
}

// A job that is profiled already is not profiled again: the command follows that run and exits by its result. When it is
// over, the next request has a run of its own.
func TestProfile_FollowsTheRunUnderWay(t *testing.T) {
	clean(t)
	s, server := serve(t)
	r, url := replay(t, flinktest.Script{Polls: 20})
	first := asked(t, server, url)
	until(t, s, first, func(rec run.Record) bool { return rec.State == events.StateProfiling })
	code, out, errOut := runCLI(t, t.Context(), "", "profile", url, "-d", "1s", "--nats", server, "-o", "json")
	var an events.Analysis
	if err := json.Unmarshal([]byte(out), &an); err != nil || code != 0 || an.Run != first {
		t.Fatalf("exit %d, result of run %q, want %s: %v\n%s", code, an.Run, first, err, errOut)
	}
	if !strings.Contains(errOut, "run "+first+" is under way for this job already (ITIMER, WALL for 1s, for squirrly/cli, since ") {
		t.Errorf("it does not say so:\n%s", errOut)
	}
	if n := r.Started(); n != 2 {
		t.Errorf("%d profiles were started, want 2", n)
	}
	r.Play(flinktest.Script{})
	code, out, errOut = runCLI(t, t.Context(), "", "profile", url, "-d", "1s", "--nats", server, "-o", "json")
	if err := json.Unmarshal([]byte(out), &an); err != nil || code != 0 || an.Run == first || strings.Contains(errOut, "under way") {
		t.Errorf("exit %d, run %s: %v\n%s", code, an.Run, err, errOut)
	}
}

// On a server, --timeout ends the waiting and no run; --cancel-after ends the run, unless it is somebody else's.
func TestProfile_TimeoutAndCancelAfter(t *testing.T) {
	clean(t)
	s, server := serve(t)
	_, url := replay(t, flinktest.Script{Polls: 1 << 20})
	profile := func(flags ...string) (int, string) {
		code, _, errOut := runCLI(t, t.Context(), "", append([]string{"profile", url, "-d", "1s", "--nats", server, "-q"}, flags...)...)
		return code, errOut
	}
	code, said := profile("--timeout", "2s")
	if code != 6 || !strings.Contains(said, "not done after 2s; run ") || !strings.Contains(said, " goes on: `squirrly runs watch ") {
		t.Fatalf("exit %d, want 6: %s", code, said)
	}
	_, rest, _ := strings.Cut(said, "not done after 2s; run ")
	id, _, _ := strings.Cut(rest, " ")
	if rec := until(t, s, id, func(run.Record) bool { return true }); rec.State.Terminal() || rec.Cancel {
		t.Errorf("the run is %s, cancel %v", rec.State, rec.Cancel)
	}
	if code, said = profile("--cancel-after", "2s"); code != 6 || !strings.Contains(said, "run "+id+" goes on") {
		t.Errorf("exit %d: %s", code, said)
	}
	if rec := until(t, s, id, func(run.Record) bool { return true }); rec.Cancel {
		t.Error("the run of somebody else was cancelled")
	}
	if err := s.Bus.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	until(t, s, id, func(r run.Record) bool { return r.State == events.StateCancelled })
	if code, said = profile("--cancel-after", "2s", "--timeout", "1m"); code != 6 || !strings.Contains(said, "is cancelled") {
		t.Errorf("exit %d: %s", code, said)
	}
}

// In one process nothing can go on: --timeout ends the run there.
func TestProfile_TimeoutInOneProcess(t *testing.T) {
	clean(t)
	_, url := replay(t, flinktest.Script{Polls: 1 << 20})
	code, _, errOut := runCLI(t, t.Context(), "", "profile", url, "-d", "1s", "-q", "--timeout", "2s")
	if code != 6 || !strings.Contains(errOut, "not done after 2s") || !strings.Contains(errOut, "is cancelled") {
		t.Errorf("exit %d: %s", code, errOut)
	}
}

// An interrupt says what goes on: the run that is only watched, and the profile that Flink has begun of one that is cancelled. The
// story of the run is told once.
func TestInterrupt_SaysWhatGoesOn(t *testing.T) {
	clean(t)
	s, server := serve(t)
	_, url := replay(t, flinktest.Script{Polls: 1 << 20})
	profiles := func(r run.Record) bool {
		return slices.ContainsFunc(r.Captures, func(c run.Capture) bool { return c.State == run.CaptureRunning })
	}
	// interrupted runs a command until it has told that a profile began, and one runs.
	interrupted := func(args ...string) (int, string) {
		ctx, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		told := make(chan string, 1)
		errOut := &teller{word: regexp.MustCompile(`run (\S+)\n(?s:.*)profiling ITIMER on`), told: told}
		go func() {
			id := <-told
			until(t, s, id, profiles)
			interrupt()
		}()
		code := cli.Run(ctx, append(args, "--nats", server), strings.NewReader(""), io.Discard, errOut)
		return code, errOut.text.String()
	}
	id := asked(t, server, url)
	until(t, s, id, profiles)
	code, said := interrupted("runs", "watch", id)
	if code != 130 || !strings.Contains(said, "interrupted; run "+id+" goes on: `squirrly runs watch "+id+"` follows it") {
		t.Errorf("watch: exit %d: %s", code, said)
	}
	if code, _, said = runCLI(t, t.Context(), "", "runs", "cancel", id, "--nats", server); code != 0 || !strings.Contains(said, "Flink profiles on until its 1s are over") {
		t.Errorf("cancel: exit %d: %s", code, said)
	}
	until(t, s, id, func(r run.Record) bool { return r.State == events.StateCancelled })
	_, another := replay(t, flinktest.Script{Polls: 1 << 20}) // the first is busy with what cannot be stopped
	code, said = interrupted("profile", another, "-d", "2s")
	if code != 130 || !strings.Contains(said, "is cancelled. Flink profiles on until its 2s are over: it has no way to stop a profile") {
		t.Errorf("profile: exit %d: %s", code, said)
	}
	if n := strings.Count(said, "planned: job"); n != 1 {
		t.Errorf("the story is told %d times:\n%s", n, said)
	}
}

// teller keeps what is written, and tells what a word captures when it was written.
type teller struct {
	text bytes.Buffer
	word *regexp.Regexp
	told chan<- string
}

// Write implements io.Writer.
func (w *teller) Write(b []byte) (int, error) {
	n, err := w.text.Write(b)
	if m := w.word.FindSubmatch(w.text.Bytes()); m != nil {
		select {
		case w.told <- string(m[1]):
		default:
		}
	}
	return n, err
}
