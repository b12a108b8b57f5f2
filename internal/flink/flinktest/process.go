package flinktest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// process is one JVM, leader of its own process group: a Ctrl-C meant for the test does not reach it, and a signal to
// the group reaches all it started.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string        // path of the .out file with stdout and stderr; the JVM's own log is beside it
	done chan struct{} // closed when the process is gone
}

// run starts the process; it ends when ctx does.
func run(ctx context.Context, name, log, executable string, args ...string) (*process, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	cmd := exec.CommandContext(ctx, executable, args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = attributes()
	p := &process{name: name, cmd: cmd, log: log, done: make(chan struct{})}
	cmd.Cancel = p.terminate
	cmd.WaitDelay = 5 * time.Second // then Wait kills the leader
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), out.Close())
	}
	go func() {
		defer close(p.done)
		_ = cmd.Wait() // how it ended is read from its log
		_ = p.kill()   // what the leader left behind
		_ = out.Close()
	}()
	return p, nil
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// terminate also wakes a frozen process, which would not see the signal otherwise.
func (p *process) terminate() error {
	return errors.Join(p.signal(syscall.SIGTERM), p.signal(syscall.SIGCONT))
}

func (p *process) kill() error   { return p.signal(syscall.SIGKILL) }
func (p *process) freeze() error { return p.signal(syscall.SIGSTOP) }
func (p *process) thaw() error   { return p.signal(syscall.SIGCONT) }

// signal goes to the whole group; a group that is gone is fine.
func (p *process) signal(s syscall.Signal) error {
	err := syscall.Kill(-p.cmd.Process.Pid, s)
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("send %s to %s: %w", s, p.name, err)
	}
	return nil
}

// complaints are what the process printed and its logged errors with their causes, in one line.
func (p *process) complaints() string {
	printed, _ := os.ReadFile(p.log) // either file may be absent when the JVM ended early
	logged, _ := os.ReadFile(strings.TrimSuffix(p.log, ".out") + ".log")
	lines := strings.Split(strings.TrimSpace(string(printed)), "\n")
	for line := range strings.Lines(string(logged)) {
		if strings.Contains(line, " ERROR ") || strings.HasPrefix(line, "Caused by:") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return strings.Join(lines[max(0, len(lines)-8):], " | ")
}
