package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/test/diagnosis"
)

// jobOf returns the jar of a case and the class to run: its own jar, a Maven project, sources or SQL statements beside the
// truth, or the jar of the cases of this repository.
func jobOf(ctx context.Context, c *diagnosis.Case, version string) (jar, main string, err error) {
	has := func(pattern string) string {
		found, _ := filepath.Glob(filepath.Join(c.Dir, pattern)) // the patterns are well formed
		if len(found) == 0 {
			return ""
		}
		return found[0]
	}
	switch {
	case c.Job.Jar != "":
		return filepath.Join(c.Dir, c.Job.Jar), c.Job.Main, nil
	case has("*.jar") != "":
		return has("*.jar"), c.Job.Main, nil
	case has("pom.xml") != "":
		jar, err = flinktest.BuildJar(ctx, c.Dir, version)
		return jar, c.Job.Main, err
	case has("*.java") != "":
		return compile(ctx, c, version)
	case len(c.Statements()) > 0:
		jar, err = flinktest.BuildJar(ctx, filepath.FromSlash(flinktest.SQLProject), flinktest.SQLVersion(version))
		return jar, flinktest.SQLClass, err
	}
	jar, err = flinktest.BuildJar(ctx, filepath.Join("test", "diagnosis", "jobs"), version)
	return jar, c.Job.Main, err
}

// compile makes a jar of the sources beside the truth, with nothing but Flink's own jars.
func compile(ctx context.Context, c *diagnosis.Case, version string) (jar, main string, err error) {
	lib, err := flinktest.EnsureLib(ctx, version)
	if err != nil {
		return "", "", err
	}
	sources, err := filepath.Glob(filepath.Join(c.Dir, "*.java"))
	if err != nil {
		return "", "", fmt.Errorf("find sources: %w", err)
	}
	work := filepath.Join(os.TempDir(), "diagnosis-"+c.Name+"-"+version)
	if err := os.MkdirAll(work, 0o750); err != nil {
		return "", "", fmt.Errorf("make a folder: %w", err)
	}
	args := append([]string{"-nowarn", "-cp", filepath.Join(lib, "*"), "-d", work}, sources...)
	if out, err := exec.CommandContext(ctx, "javac", args...).CombinedOutput(); err != nil {
		return "", "", fmt.Errorf("javac: %w: %s", err, last(string(out)))
	}
	jar = work + ".jar"
	if out, err := exec.CommandContext(ctx, "jar", "--create", "--file", jar, "-C", work, ".").CombinedOutput(); err != nil {
		return "", "", fmt.Errorf("jar: %w: %s", err, last(string(out)))
	}
	main = c.Job.Main
	if main == "" && len(sources) == 1 {
		main = strings.TrimSuffix(filepath.Base(sources[0]), ".java")
	}
	return jar, main, nil
}

// startSidecar runs this program as the service that a job calls, and returns its port.
func startSidecar(ctx context.Context, s *diagnosis.Sidecar) (port string, stop func(), err error) {
	if s.Kind != "http" {
		return "", nil, fmt.Errorf("sidecar %q: there is only http", s.Kind)
	}
	self, err := os.Executable()
	if err != nil {
		return "", nil, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, "sidecar", "--delay", s.Delay)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, fmt.Errorf("start the sidecar: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("start the sidecar: %w", err)
	}
	stop = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("start the sidecar: %w", err)
	}
	return strings.TrimSpace(line), stop, nil
}

// sidecar answers HTTP requests after a delay, on a free port that it prints.
func sidecar(args []string) error {
	flags := flag.NewFlagSet("sidecar", flag.ContinueOnError)
	delay := flags.Duration("delay", 5*time.Millisecond, "of each answer")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("sidecar: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("sidecar: %w", err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	server := http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(*delay)
		_, _ = io.WriteString(w, "42")
	})}
	return server.Serve(listener) //nolint:wrapcheck // it ends by a signal
}

// burn starts processes that take the CPU from all others.
func burn(n int) (stop func()) {
	var all []*exec.Cmd
	for range n {
		cmd := exec.Command("sh", "-c", "while :; do :; done") //nolint:noctx // stopped by stop
		if err := cmd.Start(); err == nil {
			all = append(all, cmd)
		}
	}
	return func() {
		for _, cmd := range all {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
}

// mebibytes reads a size such as 256m or 1g.
func mebibytes(s string) (int, error) {
	if len(s) < 2 {
		return 0, fmt.Errorf("%q: expected a size such as 256m", s)
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	switch s[len(s)-1] {
	case 'm':
		return n, err //nolint:wrapcheck // the caller names the field
	case 'g':
		return n << 10, err //nolint:wrapcheck // the caller names the field
	}
	return 0, fmt.Errorf("%q: expected a size such as 256m", s)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait: %w", ctx.Err())
	}
}

// last is the last line of an output.
func last(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
