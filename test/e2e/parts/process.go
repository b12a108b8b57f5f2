package parts

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
	"syscall"
	"time"
)

const (
	// startTimeout bounds the start of one server; a busy machine with two cores needs a good part of it.
	startTimeout = 2 * time.Minute
	// stopTimeout is how long a server may take to end after SIGTERM, before SIGKILL.
	stopTimeout = 15 * time.Second
	pollEvery   = 50 * time.Millisecond
)

// process is a running server. Its output goes to a file.
type process struct {
	name string
	log  string
	stop context.CancelFunc
	kill func() error
	done chan struct{}
	err  error // how it ended; read it only after done
}

// start runs a program until ctx ends or Stop is called. dir takes its output.
func start(ctx context.Context, p program, dir string, env []string, args ...string) (*process, error) {
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	out, err := os.Create(filepath.Join(dir, p.name+".log"))
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}, env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTimeout
	dieWithParent(cmd)

	proc := &process{name: p.name, log: out.Name(), stop: cancel, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// The kernel ends the child with the thread that started it, so that thread stays until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(proc.done)
		defer func() { _ = out.Close() }() // only logs
		err := cmd.Start()
		started <- err
		if err == nil {
			proc.err = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		cancel()
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	proc.kill = cmd.Process.Kill
	return proc, nil
}

// Stop ends the server and waits for it.
func (p *process) Stop() {
	p.stop()
	<-p.done
}

// Kill ends the server at once and waits for it.
func (p *process) Kill() {
	_ = p.kill() // it may have ended
	<-p.done
	p.stop()
}

// ready calls check until it succeeds. It gives up when the server ended, ctx ended, or startTimeout passed.
func (p *process) ready(ctx context.Context, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	last := errors.New("not asked yet")
	for {
		select {
		case <-p.done:
			return fmt.Errorf("%s ended before it was ready: %w\n%s", p.name, p.err, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w, last: %w\n%s", p.name, ctx.Err(), last, p.tail())
		case <-tick.C:
			if last = check(ctx); last == nil {
				return nil
			}
		}
	}
}

// failure is how an ended process failed; nil when it did not.
func (p *process) failure() error {
	if p.err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w\n%s", p.name, p.err, p.tail())
}

// tail is the end of the log, for errors.
func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// freeAddr is an address on the loopback interface where nothing listens.
func freeAddr(ctx context.Context) (string, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return addr, nil
}
