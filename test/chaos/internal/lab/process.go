package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is a program that can be killed, frozen and started again with the same arguments. Its output is added to
// one file. It is safe for use by several goroutines.
type Process struct {
	Name string
	Log  string // path of its output

	path string
	args []string
	env  []string

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{}
}

// newProcess describes a program; its output goes to <dir>/<name>.log.
func newProcess(dir, name, path string, env []string, args ...string) *Process {
	return &Process{Name: name, Log: filepath.Join(dir, name+".log"), path: path, args: args, env: env}
}

// Start runs the program, which must not be running.
func (p *Process) Start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	out, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	cmd := exec.Command(p.path, p.args...) //nolint:noctx // it ends by a signal, or with this program.
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(p.Log)}, p.env...)
	cmd.Stdout, cmd.Stderr = out, out
	dieWithParent(cmd)
	done, started := make(chan struct{}), make(chan error, 1)
	go func() {
		// The kernel ends the child with the thread that started it, so that thread stays until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(done)
		defer func() { _ = out.Close() }() // only logs
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log; most are killed
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	p.cmd, p.done = cmd, done
	return nil
}

// Done is closed when the process that was started last has ended.
func (p *Process) Done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done
}

// Signal sends a signal. A process that has ended takes it without an error.
func (p *Process) Signal(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %s: %w", p.Name, err)
	}
	return nil
}

// Kill ends the process as a crash would and waits until it is gone.
func (p *Process) Kill() error {
	if err := p.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.Done()
	return nil
}

// Stop ends the process in good order; it reports false when that took longer than the grace, and kills it then.
func (p *Process) Stop(grace time.Duration) (inTime bool) {
	if p.Done() == nil {
		return true
	}
	_ = p.Signal(syscall.SIGCONT) // it may be frozen
	_ = p.Signal(syscall.SIGTERM)
	select {
	case <-p.Done():
		return true
	case <-time.After(grace):
		_ = p.Kill()
		return false
	}
}

// Tail is the end of the output, for errors.
func (p *Process) Tail() string {
	text, err := os.ReadFile(p.Log)
	if err != nil {
		return err.Error()
	}
	const most = 20
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}

// until calls check until it succeeds or ctx ends.
func until(ctx context.Context, what string, check func(context.Context) error) error {
	const every = 100 * time.Millisecond
	last := errors.New("not asked yet")
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w, last: %w", what, ctx.Err(), last)
		case <-time.After(every):
			if last = check(ctx); last == nil {
				return nil
			}
		}
	}
}

// freeAddr is an address on the loopback interface where nothing listens.
func freeAddr(ctx context.Context) (string, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = l.Close() }() // it never had a connection
	return l.Addr().String(), nil
}
