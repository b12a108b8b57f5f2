package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
	"squirrly.dev/test/diagnosis"
)

// both runs the variants of a case.
func (b *bench) both(ctx context.Context, cluster *flinktest.Cluster, run *diagnosis.Run) (err error) {
	if b.variant != good {
		if run.Bad, err = b.run(ctx, cluster, run, bad, b.repeats); err != nil {
			return fmt.Errorf("bad: %w", err)
		}
	}
	if b.variant != bad {
		if run.Good, err = b.fixed(ctx, cluster, run); err != nil {
			return fmt.Errorf("good: %w", err)
		}
	}
	return nil
}

// fixed runs the good variant, on a cluster of its own where that is the fix.
func (b *bench) fixed(ctx context.Context, cluster *flinktest.Cluster, run *diagnosis.Run) ([]diagnosis.Captured, error) {
	if len(run.Case.Good.Config) > 0 {
		own, err := start(ctx, run.Flink, run.Case.Flink.With(run.Case.Good.Config))
		if err != nil {
			return nil, err
		}
		defer func() { _ = own.Stop() }()
		cluster = own
	}
	return b.run(ctx, cluster, run, good, max(1, b.repeats/3))
}

// run profiles one variant several times.
func (b *bench) run(ctx context.Context, cluster *flinktest.Cluster, of *diagnosis.Run, variant string, repeats int) ([]diagnosis.Captured, error) {
	dirs := make([]string, repeats)
	for i := range dirs {
		dirs[i] = b.folder(of, variant, i)
	}
	all, err := b.captures(ctx, cluster, of, variant, dirs...)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if err := b.keep(of.Case, variant, i, dirs[i], all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// captures submits one variant, waits until it is warm, and profiles it, once for each folder.
func (b *bench) captures(ctx context.Context, cluster *flinktest.Cluster, of *diagnosis.Run, variant string, dirs ...string) ([]diagnosis.Captured, error) {
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
	for _, dir := range dirs {
		watched := b.watch(ctx, cluster.URL, job, dir)
		got, err := b.profile(ctx, cluster.URL, job, c, dir)
		if err != nil {
			return nil, err
		}
		if got.Sent, err = watched(); err != nil {
			return nil, err
		}
		all = append(all, got)
	}
	return all, nil
}

// keep checks that the fault is there, and records the first capture if that was asked for.
func (b *bench) keep(c *diagnosis.Case, variant string, i int, dir string, got diagnosis.Captured) error {
	if variant == bad {
		if err := there(c, got.Input); err != nil {
			return err
		}
	}
	if i > 0 || b.record == "" {
		return nil
	}
	return record(dir, filepath.Join(b.record, c.Name, variant))
}

// there is an error when the pages do not show the planted fault.
func there(c *diagnosis.Case, in analyzer.Input) error {
	absent, err := diagnosis.Present(c, in)
	if err != nil {
		return fmt.Errorf("look for the fault: %w", err)
	}
	if absent != "" {
		return fmt.Errorf("%w: %s", errAbsent, absent)
	}
	return nil
}

var errAbsent = errors.New("the fault is not there")

// submit starts the job and what it needs, and returns what ends both.
func (b *bench) submit(ctx context.Context, cluster *flinktest.Cluster, of *diagnosis.Run, variant string) (job string, end func(), err error) {
	c := of.Case
	jar, main, err := jobOf(ctx, c, of.Flink)
	if err != nil {
		return "", nil, err
	}
	args := append(c.Statements(), append(c.Job.Args, "--variant", variant)...)
	stop := func() {}
	if c.Sidecar != nil {
		port, stopSidecar, err := startSidecar(ctx, c.Sidecar)
		if err != nil {
			return "", nil, err
		}
		stop = stopSidecar
		args = append(args, "--sidecar-port", port)
	}
	parallelism := 0 // the job's own
	if len(c.Statements()) > 0 {
		parallelism = c.Flink.Parallelism
	}
	if job, err = cluster.RunJarParallel(ctx, jar, main, parallelism, args...); err != nil {
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
