//go:build realflink

package flinktest_test

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"squirrly.dev/internal/flink/flinktest"
)

// versions are the Flinks that this package promises to run; FLINK_VERSION narrows them to one.
func versions() []string {
	if v := os.Getenv("FLINK_VERSION"); v != "" {
		return []string{v}
	}
	return []string{"1.20.5", "2.3.0"}
}

func TestCluster_RunsAndCancelsTheSampleJob(t *testing.T) {
	jar, err := flinktest.SampleJar(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range versions() {
		t.Run(version, func(t *testing.T) {
			c, err := flinktest.Start(t.Context(), flinktest.Options{Version: version, TaskManagers: 2, Profiling: true})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := c.Stop(); err != nil {
					t.Error(err)
				}
			}()
			t.Logf("started in %s", c.StartTime)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			job, err := c.RunJar(ctx, jar, flinktest.SampleClass, "--parallelism=2")
			if err != nil {
				t.Fatal(err)
			}
			if err := c.WaitRunning(ctx, job); err != nil {
				t.Fatal(err)
			}
			if err := c.CancelJob(ctx, job); err != nil {
				t.Fatal(err)
			}
			if err := c.WaitRunning(ctx, job); err == nil || !strings.Contains(err.Error(), "CANCELED") {
				t.Errorf("WaitRunning of a cancelled job = %v, want an error with CANCELED", err)
			}
			if err := c.KillTaskManager(1); err != nil {
				t.Fatal(err)
			}
			if pid := c.PIDs()[2]; syscall.Kill(pid, 0) == nil {
				t.Errorf("TaskManager with pid %d is still there", pid)
			}
		})
	}
}

func TestStart_ContextStopsTheCluster(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c, err := flinktest.Start(ctx, flinktest.Options{Version: versions()[0]})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.FreezeTaskManager(0); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range c.PIDs() {
		if syscall.Kill(pid, 0) == nil {
			t.Errorf("process %d is still there", pid)
		}
	}
}
