package daemon_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"squirrly.dev/internal/daemon"
)

// TestMain turns this test binary into a service when a test starts it again.
func TestMain(m *testing.M) {
	if os.Getenv("SQUIRRLY_TEST_SERVICE") == "" {
		os.Exit(m.Run())
	}
	daemon.Main("probe", serve)
}

type probe struct {
	Behaviour string        `env:"TEST_SERVICE,required"`
	Key       daemon.Secret `env:"KEY"`
	Wait      time.Duration `env:"WAIT" envDefault:"1s"`
}

func serve(ctx context.Context, d *daemon.Daemon, cfg probe) error {
	fmt.Println("running", cfg, d.AdminAddr() != nil)
	switch cfg.Behaviour {
	case "fail":
		return errors.New("the disk is full")
	case "stuck":
		select {}
	}
	<-ctx.Done()
	return fmt.Errorf("wait for work: %w", ctx.Err())
}

// service starts a process, waits until it runs, sends it signals, and returns its exit code and output.
func service(t *testing.T, args []string, signals []os.Signal, environ ...string) (int, string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(environ, "SQUIRRLY_ADMIN_ADDR=127.0.0.1:0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out := ""
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		out += lines.Text() + "\n"
		for _, s := range signals {
			_ = cmd.Process.Signal(s)
			time.Sleep(50 * time.Millisecond) // two signals at once would be one
		}
	}
	err = cmd.Wait()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out + stderr.String()
}

func TestMainEnds(t *testing.T) {
	term := []os.Signal{syscall.SIGTERM}
	for name, c := range map[string]struct {
		args    []string
		signals []os.Signal
		environ []string
		code    int
		want    string
	}{
		"on SIGTERM":       {nil, term, []string{"SQUIRRLY_TEST_SERVICE=wait"}, daemon.ExitOK, `"msg":"end"`},
		"on SIGINT":        {nil, []os.Signal{os.Interrupt}, []string{"SQUIRRLY_TEST_SERVICE=wait"}, daemon.ExitOK, `"msg":"end"`},
		"on its own error": {nil, nil, []string{"SQUIRRLY_TEST_SERVICE=fail"}, daemon.ExitFailed, `"error":"the disk is full"`},
		"when stuck":       {nil, term, []string{"SQUIRRLY_TEST_SERVICE=stuck", "SQUIRRLY_SHUTDOWN_TIMEOUT=100ms"}, daemon.ExitFailed, "did not end in time"},
		"on two signals":   {nil, append(term, syscall.SIGTERM), []string{"SQUIRRLY_TEST_SERVICE=stuck"}, -1, "shutting down"},
		"misconfigured":    {nil, nil, []string{"SQUIRRLY_TEST_SERVICE=wait", "SQUIRRLY_WAIT=soon"}, daemon.ExitConfig, "squirrly-probe: configuration: SQUIRRLY_WAIT must be a duration"},
		"for help":         {[]string{"--help"}, nil, []string{"SQUIRRLY_TEST_SERVICE=wait"}, daemon.ExitOK, "SQUIRRLY_LOG_LEVEL"},
		"for its version":  {[]string{"--version"}, nil, []string{"SQUIRRLY_TEST_SERVICE=wait"}, daemon.ExitOK, "squirrly-probe "},
	} {
		t.Run(name, func(t *testing.T) {
			code, out := service(t, c.args, c.signals, append(c.environ, "SQUIRRLY_KEY=canary")...)
			if code != c.code || !strings.Contains(out, c.want) {
				t.Errorf("exit code %d, want %d; want %q in:\n%s", code, c.code, c.want, out)
			}
			if strings.Contains(out, "canary") {
				t.Errorf("the secret shows:\n%s", out)
			}
		})
	}
}
