package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
	"squirrly.dev/test/diagnosis"
)

// The variants of a job.
const (
	bad  = "bad"
	good = "good"
)

// bench runs cases and collects rows.
type bench struct {
	settings
	cases     []diagnosis.Case
	providers []diagnosis.Provider
	rows      []diagnosis.Row
}

// version runs all cases on one version of Flink; those that need the same cluster share it. Only the end of ctx is an
// error: what goes wrong in a case is in its row.
func (b *bench) version(ctx context.Context, version string) error {
	for i := 0; i < len(b.cases); {
		n := 1
		for i+n < len(b.cases) && sameCluster(&b.cases[i], &b.cases[i+n]) {
			n++
		}
		b.group(ctx, version, b.cases[i:i+n])
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted: %w", ctx.Err())
		}
		i += n
	}
	return nil
}

func sameCluster(a, b *diagnosis.Case) bool {
	x, _ := json.Marshal(a.Flink)
	y, _ := json.Marshal(b.Flink)
	return string(x) == string(y)
}

// group runs cases on one cluster.
func (b *bench) group(ctx context.Context, version string, cases []diagnosis.Case) {
	var cluster *flinktest.Cluster
	var broken error
	if !b.again {
		if cluster, broken = start(ctx, version, cases[0].Flink); broken == nil {
			defer func() { _ = cluster.Stop() }()
		}
	}
	for i := range cases {
		run := diagnosis.Run{Case: &cases[i], Flink: version}
		err := broken
		switch {
		case run.Case.Broken != "":
			err = errors.New(run.Case.Broken)
		case b.again:
			err = b.captured(ctx, &run)
		case err == nil:
			err = b.both(ctx, cluster, &run)
		}
		if ctx.Err() != nil {
			return
		}
		b.score(ctx, &run, err)
	}
}

// start starts the cluster that a case needs.
func start(ctx context.Context, version string, f diagnosis.Flink) (*flinktest.Cluster, error) {
	heap, err := mebibytes(f.TaskHeap)
	if err != nil {
		return nil, fmt.Errorf("task_heap: %w", err)
	}
	config := map[string]string{"parallelism.default": strconv.Itoa(f.Parallelism)}
	maps.Copy(config, f.Config)
	cluster, err := flinktest.Start(ctx, flinktest.Options{
		Version: version, Profiling: true, TaskManagers: f.TaskManagers, Slots: f.Slots, TaskHeap: heap, JVM: f.JVM, Config: config,
	})
	if err != nil {
		return nil, fmt.Errorf("start Flink %s: %w", version, err)
	}
	return cluster, nil
}

// score adds the row of a run, whatever became of it.
func (b *bench) score(ctx context.Context, run *diagnosis.Run, failed error) {
	if failed != nil {
		run.Fail = failed.Error()
	}
	row, err := diagnosis.Measure(ctx, run, b.providers)
	if err != nil {
		row.Fail = err.Error()
	}
	row.Date = time.Now().UTC().Format(time.DateOnly)
	b.rows = append(b.rows, row)
	say("%s on %s: %s", row.Case, row.Flink, summary(&row))
}

func summary(r *diagnosis.Row) string {
	switch {
	case r.Fail != "":
		return "NOT MEASURED: " + r.Fail
	case r.Right():
		return "right"
	}
	return "MISSED: " + strings.Join(r.Misses, "; ")
}

// both runs the variants of a case.
func (b *bench) both(ctx context.Context, cluster *flinktest.Cluster, run *diagnosis.Run) (err error) {
	if b.variant != good {
		if run.Bad, err = b.run(ctx, cluster, run, bad, b.repeats); err != nil {
			return fmt.Errorf("bad: %w", err)
		}
	}
	if b.variant != bad {
		if run.Good, err = b.run(ctx, cluster, run, good, max(1, b.repeats/3)); err != nil {
			return fmt.Errorf("good: %w", err)
		}
	}
	return nil
}

// run submits one variant, waits until it is warm, and profiles it.
func (b *bench) run(ctx context.Context, cluster *flinktest.Cluster, of *diagnosis.Run, variant string, repeats int) ([]diagnosis.Captured, error) {
	const limit = 10 * time.Minute
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c := of.Case
	job, end, err := b.submit(ctx, cluster, of, variant)
	if err != nil {
		return nil, err
	}
	defer end()
	warm := cmp.Or(b.warmup, c.Warmup)
	if err := sleep(ctx, time.Duration(warm)*time.Second); err != nil {
		return nil, err
	}
	if variant == bad {
		stop := burn(c.Neighbours)
		defer stop()
	}
	var all []diagnosis.Captured
	for i := range repeats {
		dir := b.folder(of, variant, i)
		got, err := b.profile(ctx, cluster.URL, job, c, dir)
		if err != nil {
			return nil, err
		}
		if err := b.keep(c, variant, i, dir, got); err != nil {
			return nil, err
		}
		all = append(all, got)
	}
	return all, nil
}

// keep checks that the fault is there, and records the first capture if that was asked for.
func (b *bench) keep(c *diagnosis.Case, variant string, i int, dir string, got diagnosis.Captured) error {
	if variant == bad {
		absent, err := diagnosis.Present(c, got.Input)
		if err != nil {
			return err
		}
		if absent != "" {
			return fmt.Errorf("the fault is not there: %s", absent)
		}
	}
	if i > 0 || b.record == "" {
		return nil
	}
	return record(dir, filepath.Join(b.record, c.Name, variant))
}

// submit starts the job and what it needs, and returns what ends both.
func (b *bench) submit(ctx context.Context, cluster *flinktest.Cluster, of *diagnosis.Run, variant string) (job string, end func(), err error) {
	c := of.Case
	jar, main, err := jobOf(ctx, c, of.Flink)
	if err != nil {
		return "", nil, err
	}
	args := append(append([]string{}, c.Job.Args...), "--variant", variant)
	stop := func() {}
	if c.Sidecar != nil {
		port, stopSidecar, err := startSidecar(ctx, c.Sidecar)
		if err != nil {
			return "", nil, err
		}
		stop = stopSidecar
		args = append(args, "--sidecar-port", port)
	}
	if job, err = cluster.RunJar(ctx, jar, main, args...); err != nil {
		stop()
		return "", nil, err
	}
	end = func() {
		cancel, done := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer done()
		if err := cluster.CancelJob(cancel, job); err != nil {
			say("%s: %v", c.Name, err)
		}
		stop()
	}
	if err := cluster.WaitRunning(ctx, job); err != nil {
		end()
		return "", nil, err
	}
	return job, end, nil
}

// profile takes one profile by the program itself, and reads what it left.
func (b *bench) profile(ctx context.Context, url, job string, c *diagnosis.Case, dir string) (got diagnosis.Captured, err error) {
	seconds := cmp.Or(b.seconds, c.Seconds)
	modes := make([]string, len(c.Modes))
	for i, m := range c.Modes {
		modes[i] = string(m)
	}
	if err := os.RemoveAll(dir); err != nil {
		return got, fmt.Errorf("clear the folder: %w", err)
	}
	cmd := exec.CommandContext(ctx, b.squirrly, "profile", url, "--job", job, "--duration", fmt.Sprintf("%ds", seconds),
		"--mode", strings.Join(modes, ","), "--provider", analyzer.ProviderRules, "--out", dir, "-o", "json")
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return got, fmt.Errorf("squirrly profile: %w: %s", err, last(complaints.String()))
	}
	if err := json.Unmarshal(out, &got.Analysis); err != nil {
		return got, fmt.Errorf("squirrly profile: %w", err)
	}
	if got.Analysis.Schema != events.AnalysisSchema {
		return got, fmt.Errorf("squirrly profile printed %q", got.Analysis.Schema)
	}
	got.Input, err = analyzer.Folder(dir)
	return got, err
}

// machine describes what the figures were measured on.
func machine() string {
	name := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := strings.Cut(string(info), "model name\t: "); ok {
			name, _, _ = strings.Cut(rest, "\n")
		}
	}
	return fmt.Sprintf("%d cores of %s, %s", runtime.NumCPU(), name, runtime.GOOS)
}
