package chain_test

import (
	"context"
	"os"
	"testing"
	"time"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/flinktest"
)

// newest is the newest Flink 2.x that works.
const newest = "2.3.0"

// versions are the Flinks that the chain is tested on; FLINK_VERSION narrows them to one.
func versions() []string {
	if v := os.Getenv("FLINK_VERSION"); v != "" {
		return []string{v}
	}
	return []string{flinktest.DefaultVersion, newest}
}

// warmUp is how long a job runs before it is profiled.
const warmUp = 15 * time.Second

// startFlink runs a cluster until the test ends.
func startFlink(t testing.TB, o flinktest.Options) *flinktest.Cluster {
	t.Helper()
	c, err := flinktest.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Errorf("stop Flink: %v", err)
		}
	})
	return c
}

// runSample runs the sample job and returns its id once all its tasks run.
func runSample(t testing.TB, c *flinktest.Cluster, args ...string) string {
	t.Helper()
	jar, err := flinktest.SampleJar(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	job, err := c.RunJar(t.Context(), jar, flinktest.SampleClass, append([]string{"--chained=false"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.WaitRunning(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	return job
}

func newFlinkClient(t testing.TB, url string) *flink.Client {
	t.Helper()
	client, err := flink.New(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return client
}
