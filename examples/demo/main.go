// Command demo shows Squirrly at work on a real Flink: it starts a cluster of two JVMs and the sample job, starts
// Squirrly with everything in one process, asks for a profile over NATS, follows the run, prints the verdict, leaves
// report.html, and stops all that it started.
//
// DURATION is that of each profile (default 30s), FLINK_VERSION the Flink (default 1.20.5), and KEEP=1 leaves the
// cluster and Squirrly running until Ctrl-C.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"squirrly.dev/internal/flink/flinktest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		stop()
		os.Exit(1)
	}
}

// warmUp is how long the job runs before it is profiled: the JIT has settled by then.
const warmUp = 15 * time.Second

func run(ctx context.Context) (err error) {
	duration := env("DURATION", "30s")
	version := env("FLINK_VERSION", flinktest.DefaultVersion)
	if _, err := time.ParseDuration(duration); err != nil {
		return fmt.Errorf("DURATION: %w", err)
	}
	jar, err := flinktest.SampleJar(ctx)
	if err != nil {
		return err
	}
	say("Starting Flink %s: a JobManager and a TaskManager, each a JVM of its own", version)
	cluster, err := flinktest.Start(ctx, flinktest.Options{Version: version, Slots: 2, Profiling: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.Stop()) }()
	job, err := cluster.RunJar(ctx, jar, flinktest.SampleClass, "--chained=false", "--parallelism=2")
	if err != nil {
		return err
	}
	if err := cluster.WaitRunning(ctx, job); err != nil {
		return err
	}
	say("Flink is at %s; job %s runs, and warms up for %s", cluster.URL, job, warmUp)
	if err := sleep(ctx, warmUp); err != nil {
		return err
	}
	return profile(ctx, cluster.URL, duration)
}

// profile starts Squirrly beside the cluster and asks it for a profile.
func profile(ctx context.Context, flinkURL, duration string) error {
	squirrly, err := sibling("squirrly")
	if err != nil {
		return err
	}
	data, err := os.MkdirTemp("", "squirrly-demo-")
	if err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(data) }()
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	nats := fmt.Sprintf("nats://127.0.0.1:%d", port)
	log, err := os.Create(filepath.Join(data, "squirrly.log"))
	if err != nil {
		return fmt.Errorf("make log: %w", err)
	}
	defer func() { _ = log.Close() }()
	down, err := bringUp(ctx, log, squirrly, "--data", data, "--port", fmt.Sprint(port), "--http", "")
	defer down()
	if err != nil {
		return err
	}

	out := filepath.Join(data, "out")
	args := []string{"--nats", nats, "profile", flinkURL, "--duration", duration, "--reason", "demo", "--out", out}
	say("$ squirrly --nats %s profile %s --duration %s --out DIR", nats, flinkURL, duration)
	ask := command(ctx, os.Stderr, squirrly, args...)
	ask.Stdout = os.Stdout
	if err := ask.Run(); err != nil {
		_ = log.Sync()
		return fmt.Errorf("squirrly profile: %w\n%s", err, tail(log.Name()))
	}
	if err := copyFile(filepath.Join(out, "report.html"), "report.html"); err != nil {
		return err
	}
	say("The report is in report.html")
	if os.Getenv("KEEP") == "" {
		return nil
	}
	say("KEEP is set: Flink stays at %s and Squirrly at %s until Ctrl-C", flinkURL, nats)
	<-ctx.Done()
	return nil
}

// bringUp starts the services and returns when requests can be taken, with what stops them.
func bringUp(ctx context.Context, log *os.File, squirrly string, args ...string) (down func(), err error) {
	up := command(ctx, log, squirrly, append([]string{"up"}, args...)...)
	if err := up.Start(); err != nil {
		return func() {}, fmt.Errorf("start squirrly: %w", err)
	}
	return func() { _ = up.Process.Signal(syscall.SIGTERM); _ = up.Wait() }, isUp(ctx, log.Name())
}

// isUp waits until the log says that requests can be taken.
func isUp(ctx context.Context, log string) error {
	const patience, pause = time.Minute, 100 * time.Millisecond
	for end := time.Now().Add(patience); ctx.Err() == nil; time.Sleep(pause) {
		said, err := os.ReadFile(log)
		switch {
		case err != nil:
			return fmt.Errorf("read log: %w", err)
		case strings.Contains(string(said), "Squirrly is up"):
			return nil
		case time.Now().After(end):
			return fmt.Errorf("squirrly is not up after %s\n%s", patience, tail(log))
		}
	}
	return ctx.Err() //nolint:wrapcheck // of an interrupt
}

// command is a child process that gets SIGTERM, not SIGKILL, when the demo ends.
func command(ctx context.Context, log *os.File, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	c.Stderr = log
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	const grace = 20 * time.Second
	c.WaitDelay = grace
	return c
}

// sibling finds a binary that was built beside this one.
func sibling(name string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	path := filepath.Join(filepath.Dir(self), name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s is not built beside the demo; run `make demo`: %w", name, err)
	}
	return path, nil
}

func freePort(ctx context.Context) (int, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.New("find a free port: not a TCP address")
	}
	return addr.Port, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("interrupted: %w", ctx.Err())
	}
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("read report: %w", err)
	}
	const mode = 0o644
	if err := os.WriteFile(to, b, mode); err != nil { //nolint:gosec // a report for other people to read.
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// tail is the end of a log, for an error.
func tail(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	const most = 4 << 10
	if info, err := f.Stat(); err == nil && info.Size() > most {
		_, _ = f.Seek(-most, io.SeekEnd)
	}
	b, _ := io.ReadAll(f)
	return string(b)
}

func env(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "▸ "+format+"\n", args...) }
