package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"squirrly.dev/internal/flink/flinktest"
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
	var jars []string
	if f.SQL {
		if jars, err = flinktest.SQLJars(ctx, version); err != nil {
			return nil, err
		}
	}
	cluster, err := flinktest.Start(ctx, flinktest.Options{
		Version: version, Profiling: true, TaskManagers: f.TaskManagers, Slots: f.Slots, TaskHeap: heap, JVM: f.JVM, Config: config,
		Jars: append(jars, f.Jars...),
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
	row, err := diagnosis.Measure(ctx, run, b.providers, 0)
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
