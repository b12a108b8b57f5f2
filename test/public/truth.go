package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"squirrly.dev/internal/flink/flinktest"
)

// Truth is what was recorded around a capture, without Squirrly. Each answer of Flink is as it came.
type Truth struct {
	Before Snapshot `json:"before"`
	After  Snapshot `json:"after"`
}

// Snapshot is one moment.
type Snapshot struct {
	Time        time.Time                  `json:"time"`
	Job         json.RawMessage            `json:"job"`         // /jobs/:id
	Vertices    map[string]json.RawMessage `json:"vertices"`    // /jobs/:id/vertices/:id, with accumulated times
	TaskManager json.RawMessage            `json:"taskmanager"` // /taskmanagers/:id, with garbage collections
	Exceptions  json.RawMessage            `json:"exceptions"`
	Checkpoints json.RawMessage            `json:"checkpoints"`
	Threads     []Thread                   `json:"threads"` // of the TaskManager, by its operating system
	LoadAverage string                     `json:"load_average"`
}

// Thread is one thread of a JVM and the CPU seconds that it had since it began.
type Thread struct {
	ID     int     `json:"id"`
	Name   string  `json:"name"` // as a thread dump names it, else as the operating system does
	User   float64 `json:"user"`
	System float64 `json:"system"`
}

// record takes thread dumps until it is ended.
type record struct {
	cluster  *flinktest.Cluster
	job, dir string
	truth    Truth
	stop     context.CancelFunc
	done     chan struct{}
}

// dumpEvery leaves the job alone for most of the time: a dump stops all threads for some milliseconds.
const dumpEvery = 3 * time.Second

func startRecord(ctx context.Context, cluster *flinktest.Cluster, job, dir string) (*record, error) {
	r := &record{cluster: cluster, job: job, dir: dir, done: make(chan struct{})}
	if err := os.MkdirAll(filepath.Join(dir, "dumps"), 0o750); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	var err error
	r.refresh(ctx)
	if r.truth.Before, err = r.snapshot(ctx); err != nil {
		return nil, err
	}
	dumping, stop := context.WithCancel(ctx)
	r.stop = stop
	go func() {
		defer close(r.done)
		for i := 1; dumping.Err() == nil; i++ {
			if text, err := r.dump(dumping); err == nil {
				_ = os.WriteFile(filepath.Join(dir, "dumps", fmt.Sprintf("%03d.txt", i)), text, 0o600)
			}
			select {
			case <-dumping.Done():
			case <-time.After(dumpEvery):
			}
		}
	}()
	return r, nil
}

func (r *record) end(ctx context.Context) (err error) {
	r.stop()
	<-r.done
	r.refresh(ctx)
	if r.truth.After, err = r.snapshot(ctx); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r.truth, "", " ")
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	if err := os.WriteFile(filepath.Join(r.dir, "truth.json"), text, 0o600); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

// refresh asks for the metrics and lets Flink fetch them: it answers from those of the last question, however old they are.
func (r *record) refresh(ctx context.Context) {
	const fetch = 3 * time.Second
	_, _ = r.snapshot(ctx)
	time.Sleep(fetch)
}

// pid is the process of the only TaskManager.
func (r *record) pid() int { return r.cluster.PIDs()[1] }

func (r *record) dump(ctx context.Context) ([]byte, error) {
	text, err := exec.CommandContext(ctx, "jcmd", strconv.Itoa(r.pid()), "Thread.print").Output()
	if err != nil {
		return nil, fmt.Errorf("jcmd: %w", err)
	}
	return text, nil
}

func (r *record) snapshot(ctx context.Context) (s Snapshot, err error) {
	s.Time = time.Now().UTC()
	dump, err := r.dump(ctx)
	if err != nil {
		return s, err
	}
	if s.Threads, err = threads(r.pid(), names(string(dump))); err != nil {
		return s, err
	}
	load, _ := os.ReadFile("/proc/loadavg") // absent elsewhere than on Linux
	s.LoadAverage = strings.TrimSpace(string(load))
	s.Job = r.get(ctx, "/jobs/"+r.job)
	s.Exceptions = r.get(ctx, "/jobs/"+r.job+"/exceptions")
	s.Checkpoints = r.get(ctx, "/jobs/"+r.job+"/checkpoints")
	s.TaskManager = r.get(ctx, "/taskmanagers/"+flinktest.TaskManagerID(0))
	var job struct {
		Vertices []struct {
			ID string `json:"id"`
		} `json:"vertices"`
	}
	if err := json.Unmarshal(s.Job, &job); err != nil {
		return s, fmt.Errorf("read the job: %w", err)
	}
	s.Vertices = map[string]json.RawMessage{}
	for _, v := range job.Vertices {
		s.Vertices[v.ID] = r.get(ctx, "/jobs/"+r.job+"/vertices/"+v.ID)
	}
	return s, nil
}

// get is an answer of Flink, or null.
func (r *record) get(ctx context.Context, path string) json.RawMessage {
	none := json.RawMessage("null")
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.cluster.URL+path, nil)
	if err != nil {
		return none
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return none
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || !json.Valid(text) {
		return none
	}
	return text
}

var nid = regexp.MustCompile(`(?m)^"(.*)" .*nid=(0x[0-9a-f]+|\d+)`)

// names are the names of threads in a dump, by the id that the operating system knows.
func names(dump string) map[int]string {
	all := map[int]string{}
	for _, m := range nid.FindAllStringSubmatch(dump, -1) {
		if id, err := strconv.ParseInt(m[2], 0, 64); err == nil {
			all[int(id)] = m[1]
		}
	}
	return all
}

// clockTick is the unit of the times in /proc on Linux: a hundredth of a second.
const clockTick = 100

// threads reads /proc/PID/task/*/stat.
func threads(pid int, names map[int]string) ([]Thread, error) {
	stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(stats) == 0 {
		return nil, fmt.Errorf("process %d has no threads in /proc: this needs Linux", pid)
	}
	var all []Thread
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		id, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		open, end := strings.IndexByte(string(text), '('), strings.LastIndexByte(string(text), ')')
		fields := strings.Fields(string(text)[end+1:])
		user, _ := strconv.ParseFloat(fields[11], 64)
		system, _ := strconv.ParseFloat(fields[12], 64)
		t := Thread{ID: id, Name: names[id], User: user / clockTick, System: system / clockTick}
		if t.Name == "" {
			t.Name = string(text[open+1 : end])
		}
		all = append(all, t)
	}
	return all, nil
}
