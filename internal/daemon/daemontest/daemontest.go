// Package daemontest starts the main of a service as a process of its own, and holds it to what every service promises: it ends
// when it is asked to, whatever it waits for, and does not start with a placeholder for a secret.
package daemontest

import (
	"bufio"
	"bytes"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"squirrly.dev/internal/bus/bustest"
)

const process = "SQUIRRLY_TEST_PROCESS"

// Main makes of a test binary its service when a test starts it again. Call it in TestMain.
func Main(m *testing.M, main func()) {
	if os.Getenv(process) == "" {
		os.Exit(m.Run())
	}
	main()
}

func start(t *testing.T, environ ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // the test itself
	c.Env = append([]string{process + "=1", "SQUIRRLY_ADMIN_ADDR=off", "SQUIRRLY_HTTP_ADDR=off"}, environ...)
	out, err := c.StderrPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return c, bufio.NewScanner(out)
}

// Ends sends SIGTERM and SIGINT to the service while it waits for NATS: a server that is not there, one that takes the connection
// and says nothing, and one that answers no request. It must end well within ten seconds.
func Ends(t *testing.T) {
	t.Helper()
	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	for name, url := range map[string]string{
		"no server": "nats://127.0.0.1:1", "silent": "nats://" + silent.Addr().String(), "no answers": bustest.Silent(t, nil),
	} {
		for _, s := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
			t.Run(name+" "+s.String(), func(t *testing.T) { ends(t, url, s) })
		}
	}
}

func ends(t *testing.T, url string, s os.Signal) {
	t.Helper()
	const bound = 10 * time.Second
	c, lines := start(t, "SQUIRRLY_NATS_URL="+url)
	var said bytes.Buffer
	for lines.Scan() && !strings.Contains(lines.Text(), "connecting to NATS") {
		said.WriteString(lines.Text() + "\n")
	}
	time.Sleep(100 * time.Millisecond) // it waits by then, or is about to: both must end
	began := time.Now()
	kill := time.AfterFunc(bound, func() { _ = c.Process.Signal(syscall.SIGQUIT) })
	defer kill.Stop()
	_ = c.Process.Signal(s)
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
	}
	_ = c.Wait() // the exit code says how
	if code := c.ProcessState.ExitCode(); code != 0 || !strings.Contains(said.String(), `"msg":"end"`) {
		t.Errorf("exit %d after %s:\n%s", code, time.Since(began), said.String())
	}
}

// Refuses starts the service with a placeholder in each of some variables, and in the file of each: it must not start, and say
// which one it is.
func Refuses(t *testing.T, variables ...string) {
	t.Helper()
	file := t.TempDir() + "/secret"
	if err := os.WriteFile(file, []byte("replace-me\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, v := range variables {
		for name, setting := range map[string]string{v: v + "=replace-me", v + "_FILE": v + "_FILE=" + file} {
			c, lines := start(t, setting)
			var said strings.Builder
			for lines.Scan() {
				said.WriteString(lines.Text() + "\n")
			}
			_ = c.Wait() // the exit code says how
			if code := c.ProcessState.ExitCode(); code != 2 || !strings.Contains(said.String(), name+": it holds a placeholder") {
				t.Errorf("%s: exit %d: %s", name, code, said.String())
			}
		}
	}
}
