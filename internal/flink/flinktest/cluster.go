package flinktest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// DefaultVersion is the Flink that runs when [Options] name none.
const DefaultVersion = "1.20.5"

// Options say what [Start] starts. The zero value is one TaskManager with two slots and no profiler.
type Options struct {
	Version      string            // Flink version; default DefaultVersion
	TaskManagers int               // number of TaskManager JVMs; default 1, negative for none
	Slots        int               // task slots of each TaskManager; default 2
	TaskHeap     int               // MiB of heap for the tasks of each TaskManager; default 256
	JVM          []string          // further options of the TaskManagers' JVMs, such as -XX:+UseG1GC
	Profiling    bool              // rest.profiling.enabled
	NoWebUI      bool              // leave flink-runtime-web out: no web UI and no jar upload
	Dir          string            // configuration, logs and profiles go here; default: a temporary directory that Stop removes
	Lib          string            // directory with the jars; default: that of EnsureLib
	Jars         []string          // further jars on the classpath of all JVMs, after those of Lib
	Java         string            // java executable; default: $JAVA_HOME/bin/java, else java in PATH
	StartTimeout time.Duration     // until every TaskManager is registered; default 2 min
	Config       map[string]string // further Flink configuration; wins over what Start sets
}

func (o Options) withDefaults() Options {
	if o.Version == "" {
		o.Version = DefaultVersion
	}
	if o.TaskManagers == 0 {
		o.TaskManagers = 1
	}
	if o.Slots == 0 {
		o.Slots = 2
	}
	if o.TaskHeap == 0 {
		o.TaskHeap = 256
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = 2 * time.Minute
	}
	return o
}

// Cluster is a running Flink. Its methods may be called from several goroutines.
type Cluster struct {
	// URL is the base of the REST API, such as http://127.0.0.1:41234.
	URL string
	// LogDir holds jobmanager.log, taskmanager-1.log … and the matching .out files.
	LogDir string
	// StartTime is how long the cluster took until all TaskManagers were registered.
	StartTime time.Duration

	jobManager   *process
	taskManagers []*process
	cancel       context.CancelFunc
	tempDir      string // removed by Stop; empty when the caller named the directory
}

// Start runs a cluster and returns when every TaskManager is registered. The cluster lives until Stop is called or
// ctx ends, whichever comes first; after the latter Stop still waits for the JVMs and removes temporary files.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	o = o.withDefaults()
	java, err := findJava(o.Java)
	if err != nil {
		return nil, err
	}
	if o.Lib == "" {
		if o.Lib, err = EnsureLib(ctx, o.Version); err != nil {
			return nil, err
		}
	}
	c := &Cluster{}
	if o.Dir == "" {
		if o.Dir, err = os.MkdirTemp("", "flinktest-"); err != nil {
			return nil, fmt.Errorf("create cluster directory: %w", err)
		}
		c.tempDir = o.Dir
	}
	ctx, c.cancel = context.WithCancel(ctx)
	if err := c.start(ctx, java, o); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, java string, o Options) error {
	begin := time.Now()
	l, err := newLayout(o)
	if err != nil {
		return err
	}
	c.URL, c.LogDir = l.url(), l.logDir
	if c.jobManager, err = l.startJobManager(ctx, java); err != nil {
		return err
	}
	for i := range o.TaskManagers {
		tm, err := l.startTaskManager(ctx, java, i)
		if err != nil {
			return err
		}
		c.taskManagers = append(c.taskManagers, tm)
	}
	if err := c.waitForTaskManagers(ctx, o); err != nil {
		return err
	}
	c.StartTime = time.Since(begin)
	return nil
}

// TaskManagerID is the id under which Flink knows TaskManager i, counted from 0. It holds a colon, as ids outside
// Kubernetes do, so that a client which forgets to escape it is found out.
func TaskManagerID(i int) string { return fmt.Sprintf("taskmanager-%d:6122", i+1) }

// KillTaskManager ends TaskManager i, counted from 0, as a crash would (SIGKILL), and waits until it is gone.
func (c *Cluster) KillTaskManager(i int) error {
	if err := c.taskManagers[i].kill(); err != nil {
		return fmt.Errorf("kill TaskManager %d: %w", i, err)
	}
	<-c.taskManagers[i].done
	return nil
}

// FreezeTaskManager stops TaskManager i, counted from 0, without ending it (SIGSTOP), until ThawTaskManager.
func (c *Cluster) FreezeTaskManager(i int) error {
	if err := c.taskManagers[i].freeze(); err != nil {
		return fmt.Errorf("freeze TaskManager %d: %w", i, err)
	}
	return nil
}

// ThawTaskManager lets a frozen TaskManager go on (SIGCONT).
func (c *Cluster) ThawTaskManager(i int) error {
	if err := c.taskManagers[i].thaw(); err != nil {
		return fmt.Errorf("thaw TaskManager %d: %w", i, err)
	}
	return nil
}

// PIDs are the process ids of the JobManager and then of the TaskManagers.
func (c *Cluster) PIDs() []int {
	var pids []int
	for _, p := range c.processes() {
		pids = append(pids, p.cmd.Process.Pid)
	}
	return pids
}

// Stop ends every JVM (SIGTERM, after 5 s SIGKILL), waits for them and removes the temporary directory, if Start made
// one. It may be called more than once.
func (c *Cluster) Stop() error {
	c.cancel()
	for _, p := range c.processes() {
		<-p.done
	}
	if c.tempDir == "" {
		return nil
	}
	if err := os.RemoveAll(c.tempDir); err != nil {
		return fmt.Errorf("remove cluster directory: %w", err)
	}
	return nil
}

func (c *Cluster) processes() []*process {
	if c.jobManager == nil {
		return nil
	}
	return append([]*process{c.jobManager}, c.taskManagers...)
}

// waitForTaskManagers polls the overview, and fails at once when a JVM has ended.
func (c *Cluster) waitForTaskManagers(ctx context.Context, o Options) error {
	wait, cancel := context.WithTimeout(ctx, o.StartTimeout)
	defer cancel()
	for {
		var overview struct {
			TaskManagers int `json:"taskmanagers"`
		}
		err := c.get(wait, "/overview", &overview)
		if err == nil && overview.TaskManagers >= o.TaskManagers {
			return nil
		}
		for _, p := range c.processes() {
			if p.ended() {
				return fmt.Errorf("flink %s: %s ended during start: %s", o.Version, p.name, p.complaints())
			}
		}
		select {
		case <-wait.Done():
			return fmt.Errorf("flink %s: %d of %d TaskManagers registered within %s: %w", o.Version,
				overview.TaskManagers, o.TaskManagers, o.StartTimeout, wait.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// repositoryRoot is the nearest directory above the working directory that holds go.work.
func repositoryRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("find repository: no go.work above the working directory; name Options.Lib")
		}
		dir = parent
	}
}
