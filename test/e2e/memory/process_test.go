package memory_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// process is a service that runs.
type process struct {
	t    *testing.T
	name string
	manifest
	cmd  *exec.Cmd
	dir  string // for its temporary files
	log  strings.Builder
	done chan struct{}

	mu   sync.Mutex
	disk int64 // the most that its temporary files took, in bytes
}

// start runs a service with the settings of its manifest until the test ends.
func (w *world) start(name string) *process {
	w.t.Helper()
	p := &process{t: w.t, name: name, manifest: readManifest(w.t, name), dir: w.t.TempDir(), done: make(chan struct{})}
	p.cmd = exec.Command(filepath.Join(bin, name))
	p.cmd.Env = append(p.env, append(w.env, "TMPDIR="+p.dir, "HOME="+p.dir, "PATH="+os.Getenv("PATH"))...)
	p.cmd.Stderr = &p.log
	if err := p.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	stop := make(chan struct{})
	go p.watch(stop)
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait()
	}()
	w.t.Cleanup(func() {
		close(stop)
		_ = p.cmd.Process.Kill()
		<-p.done
		if w.t.Failed() {
			w.t.Logf("--- %s\n%s", name, p.log.String())
		}
	})
	return p
}

// watch looks how much its files take.
func (p *process) watch(stop chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(10 * time.Millisecond):
		}
		sum := int64(0)
		fds := fmt.Sprintf("/proc/%d/fd/", p.cmd.Process.Pid)
		open, _ := os.ReadDir(fds) // none when it has ended
		for _, fd := range open {
			if name, err := os.Readlink(fds + fd.Name()); err != nil || !strings.HasPrefix(name, p.dir) {
				continue
			}
			if info, err := os.Stat(fds + fd.Name()); err == nil { // also of a file that has no name any more
				sum += info.Size()
			}
		}
		p.mu.Lock()
		p.disk = max(p.disk, sum)
		p.mu.Unlock()
	}
}

// peak is the most memory that the process had, in bytes.
func (p *process) peak() int64 {
	p.t.Helper()
	select {
	case <-p.done:
		p.t.Fatalf("%s has ended", p.name)
	default:
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		p.t.Fatal(err)
	}
	return kib << 10
}

// holds checks that the process stayed within what its manifest gives it.
func (p *process) holds(what string) {
	p.t.Helper()
	p.mu.Lock()
	disk := p.disk
	p.mu.Unlock()
	peak := p.peak()
	p.t.Logf("%s, %s: %d MiB of %d, files of %d MiB of %d", p.name, what, peak>>20, p.limit>>20, disk>>20, p.tmp>>20)
	if peak >= p.limit {
		p.t.Errorf("%s had %d MiB of memory, of %d", p.name, peak>>20, p.limit>>20)
	}
	if disk >= p.tmp {
		p.t.Errorf("%s had files of %d MiB, of %d", p.name, disk>>20, p.tmp>>20)
	}
}
