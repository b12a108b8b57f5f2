package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Kinds are the services of Squirrly in the order of a run.
var Kinds = []string{"trigger", "collector", "analyzer", "notifier"}

// Fleet is the services as processes, started again whenever one ends, as the kubelet does.
type Fleet struct {
	Services []*Process

	pause time.Duration
	wg    sync.WaitGroup

	mu       sync.Mutex
	stopping bool
	killed   map[*Process]bool
	exits    []string // of services that nobody killed
}

// Build compiles the services and the command line of the repository at root into a folder.
func Build(ctx context.Context, root, bin string) error {
	args := []string{"build", "-trimpath", "-o", bin, "./cmd/squirrly"}
	for _, kind := range Kinds {
		args = append(args, "./services/"+kind+"/cmd/"+kind)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the services: %w\n%s", err, out)
	}
	return nil
}

// Provision makes the streams and buckets, or mends them.
func Provision(ctx context.Context, bin string, env []string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "squirrly"), append([]string{"provision"}, args...)...)
	cmd.Env = append([]string{"HOME=" + bin}, env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("provision: %w\n%s", err, out)
	}
	return nil
}

// StartFleet runs so many of each kind, with logs in dir.
func StartFleet(bin, dir string, each int, env []string) (*Fleet, error) {
	f := &Fleet{pause: 500 * time.Millisecond, killed: map[*Process]bool{}}
	for _, kind := range Kinds {
		for i := range each {
			p := newProcess(dir, fmt.Sprintf("%s%d", kind, i+1), filepath.Join(bin, kind), env)
			if err := p.Start(); err != nil {
				f.Stop()
				return nil, err
			}
			f.Services = append(f.Services, p)
			f.wg.Go(func() { f.supervise(p) })
		}
	}
	return f, nil
}

// supervise starts a service again until the fleet stops.
func (f *Fleet) supervise(p *Process) {
	for {
		<-p.Done()
		f.mu.Lock()
		if f.stopping {
			f.mu.Unlock()
			return
		}
		if !f.killed[p] {
			f.exits = append(f.exits, p.Name)
		}
		f.killed[p] = false
		f.mu.Unlock()
		time.Sleep(f.pause)
		f.mu.Lock()
		stopping := f.stopping
		if !stopping {
			if err := p.Start(); err != nil {
				f.exits = append(f.exits, err.Error())
				stopping = true
			}
		}
		f.mu.Unlock()
		if stopping {
			return
		}
	}
}

// Kill ends a service as a crash would; it comes back.
func (f *Fleet) Kill(p *Process) error {
	f.mu.Lock()
	f.killed[p] = true
	f.mu.Unlock()
	return p.Signal(syscall.SIGKILL)
}

// Restart ends a service in good order, as a rolling update does; it comes back. It reports false when that took longer
// than the grace that a pod has.
func (f *Fleet) Restart(p *Process) (inTime bool) {
	f.mu.Lock()
	f.killed[p] = true
	f.mu.Unlock()
	return p.Stop(stopGrace)
}

// Exits names the services that ended though nobody killed them, once for each time.
func (f *Fleet) Exits() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.exits)
}

// Stop ends every service in good order, and returns those that did not end within the grace that a pod has.
func (f *Fleet) Stop() (late []string) {
	f.mu.Lock()
	f.stopping = true
	f.mu.Unlock()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, p := range f.Services {
		wg.Go(func() {
			if !p.Stop(stopGrace) {
				mu.Lock()
				defer mu.Unlock()
				late = append(late, p.Name)
			}
		})
	}
	wg.Wait()
	f.wg.Wait()
	return late
}

// stopGrace is the grace of deploy/, and the same again for a busy machine.
const stopGrace = time.Minute

// Logs are the paths of what the services wrote.
func (f *Fleet) Logs() []string {
	var all []string
	for _, p := range f.Services {
		if _, err := os.Stat(p.Log); err == nil {
			all = append(all, p.Log)
		}
	}
	return all
}
